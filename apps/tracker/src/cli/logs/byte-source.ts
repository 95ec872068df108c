import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { TextDecoder } from 'node:util'
import { createGunzip } from 'node:zlib'
import { WrongUse } from '../output.js'

const CHUNK_BYTES = 256 * 1024
/** An XML declaration that names an encoding stands within this. */
const DECLARATION_BYTES = 200

/** A file as a stream of text: decompressed where it is gzip, decoded by its byte order mark or XML declaration. Can be read several times. */
export class ByteSource {
  readonly path: string
  readonly #sizeBytes: number
  /** Of the present pass; an abandoned one may still have a read under way, which counts for itself. */
  #pass = { readBytes: 0 }

  constructor(path: string, sizeBytes: number) {
    this.path = path
    this.#sizeBytes = sizeBytes
  }

  /** Of the file as it lies on disk, compressed or not. */
  fractionRead(): number {
    return this.#sizeBytes === 0 ? 1 : this.#pass.readBytes / this.#sizeBytes
  }

  async *text(): AsyncGenerator<string> {
    let decoder: TextDecoder | undefined
    for await (const bytes of this.#bytes()) {
      decoder ??= decoderFor(bytes, this.path)
      const text = decoder.decode(bytes, { stream: true })
      if (text !== '') yield text
    }
    const rest = decoder?.decode() ?? ''
    if (rest !== '') yield rest
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    const pass = { readBytes: 0 }
    this.#pass = pass
    const file = createReadStream(this.path, { highWaterMark: CHUNK_BYTES })
    file.on('data', (chunk) => { pass.readBytes += chunk.length })
    file.pause()
    try {
      if (!(await isGzip(this.path))) {
        yield* file as AsyncIterable<Uint8Array>
        return
      }
      const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
      file.on('error', (error) => gunzip.destroy(error))
      yield* file.pipe(gunzip) as AsyncIterable<Uint8Array>
    } catch (error) {
      if (error instanceof Error && 'code' in error) throw new WrongUse(`${this.path} cannot be read: ${error.message}`, { cause: error })
      throw error
    } finally {
      file.destroy()
    }
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

/** By byte order mark, else by XML declaration, else UTF-8. */
function decoderFor(head: Uint8Array, path: string): TextDecoder {
  const label = markedEncoding(head) ?? declaredEncoding(head) ?? 'utf-8'
  try {
    return new TextDecoder(label)
  } catch {
    throw new WrongUse(`${path} declares the encoding ${label}, which cannot be read; save it as UTF-8`)
  }
}

function markedEncoding(head: Uint8Array): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  return undefined
}

function declaredEncoding(head: Uint8Array): string | undefined {
  const start = Buffer.from(head.subarray(0, DECLARATION_BYTES)).toString('latin1')
  return /^[^<]*<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)["']/.exec(start)?.[1]
}

/** An XML document read whole, as text: for models, which are small. */
export function decodeXml(bytes: Uint8Array, path: string): string {
  return decoderFor(bytes, path).decode(bytes)
}
