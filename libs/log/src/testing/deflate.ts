import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Codec } from '../embedded/codec.js'

/** In the place of zstd, which not every Node has: what is tested is what the log does with a codec. */
export const deflate: Codec = {
  compress: (bytes) => deflateRawSync(bytes, { level: 1 }),
  decompress: (bytes, sizeBytes) => inflateRawSync(bytes, { maxOutputLength: sizeBytes }),
}
