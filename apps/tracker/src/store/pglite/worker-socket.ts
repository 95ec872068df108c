import { Duplex } from 'node:stream'
import type { Worker } from 'node:worker_threads'

/**
 * What a pg client takes for its socket: whole protocol messages go to the worker thread, its answers come back. So the client, its pool, its
 * type conversion and TypeORM above it are the same as on a real server. There is one session, hence one socket at a time (a pool of one).
 */
export class WorkerSocket extends Duplex {
  readonly #worker: Worker

  constructor(worker: Worker) {
    super()
    this.#worker = worker
    worker.on('message', this.#received)
    worker.on('exit', this.#gone)
  }

  connect(): this {
    process.nextTick(() => this.emit('connect'))
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    this.#send([chunk], done)
  }

  override _writev(chunks: readonly { readonly chunk: Uint8Array }[], done: () => void): void {
    this.#send(chunks.map(({ chunk }) => chunk), done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#worker.off('message', this.#received)
    this.#worker.off('exit', this.#gone)
    done(error)
  }

  /** One copy into a buffer of its own, which is then handed over: a view would drag the whole buffer behind it along. */
  #send(chunks: readonly Uint8Array[], done: () => void): void {
    const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
    let offset = 0
    for (const chunk of chunks) {
      whole.set(chunk, offset)
      offset += chunk.length
    }
    // Terminate: a server would close the connection.
    if (whole[0] === 0x58) this.push(null)
    else this.#worker.postMessage(whole, [whole.buffer])
    done()
  }

  readonly #received = (message: unknown): void => {
    if (message instanceof Uint8Array) this.push(Buffer.from(message.buffer, message.byteOffset, message.byteLength))
  }

  readonly #gone = (): void => {
    this.destroy(new Error('Connection terminated: the embedded database stopped'))
  }
}
