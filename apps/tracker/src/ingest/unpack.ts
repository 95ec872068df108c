import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { TrackerError } from '../problem.js'

const unzip = promisify(gunzip)

/** The body without its Content-Encoding: none or gzip. Throws 413 where it would have more than `maxBytes`, 400 or 415 where it cannot be read. */
export async function unpack(encoding: string | undefined, body: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const name = (encoding ?? '').trim().toLowerCase()
  if (name === '' || name === 'identity') return body
  if (name !== 'gzip' && name !== 'x-gzip') throw new TrackerError('unsupportedMediaType', 415, `The content encoding ${name.slice(0, 40)} is not taken: send gzip, or the body as it is.`)
  try {
    return await unzip(body, { maxOutputLength: maxBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new TrackerError('tooLarge', 413, `Unpacked, a request has at most ${maxBytes} bytes: send less at once.`)
    throw new TrackerError('invalidRequest', 400, `The body is not gzip, as its content encoding says: ${(error as Error).message}.`)
  }
}
