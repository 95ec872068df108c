/**
 * Compression of a frame's records. Optional: what services send is text that repeats itself, but time of a processor is paid for room on a disk.
 * Node has zstd since 22.15; without it a log cannot be opened for compression, and a compressed frame cannot be read.
 */
import * as zlib from 'node:zlib'
import { LogError } from '../log.js'

export interface Codec {
  compress(bytes: Uint8Array): Uint8Array
  /** Throws where the bytes are not what {@link compress} made. */
  decompress(bytes: Uint8Array, sizeBytes: number): Uint8Array
}

/** Not in the types of the Node that we build with. */
const { zstdCompressSync, zstdDecompressSync } = zlib as {
  readonly zstdCompressSync?: (bytes: Uint8Array) => Buffer
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Buffer
}

/** Whether this Node can do it. */
export const hasZstd = zstdCompressSync !== undefined && zstdDecompressSync !== undefined

const NEEDS = `needs Node 22.15 or newer, and this is ${process.version}`

export const zstd: Codec = {
  compress(bytes) {
    if (zstdCompressSync === undefined) throw new LogError('invalid', `Compression with zstd ${NEEDS}.`)
    return zstdCompressSync(bytes)
  },
  decompress(bytes, sizeBytes) {
    if (zstdDecompressSync === undefined) throw new LogError('invalid', `This log is compressed with zstd, which ${NEEDS}.`)
    return zstdDecompressSync(bytes, { maxOutputLength: sizeBytes })
  },
}
