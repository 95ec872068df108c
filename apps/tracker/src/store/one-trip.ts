/**
 * All statements of a transaction in one message: begin, what it does, and commit, up to one Sync. The server works through them without waiting
 * for us; after one that fails it leaves out the rest, whichever that is, so that none of them ever stands by itself.
 *
 * What was said and what was answered is let go of at once. To V8's young generation whatever an old object refers to is alive, also where that one is
 * garbage itself: rows held a moment too long became old one after the other, and had all of the heap marked twice as often.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */
import type { Writable } from 'node:stream'
import { Query, type Connection, type PoolClient } from 'pg'
import { answerOf, type WireConnection } from './wire.js'

/** One of its statements: what the client tells a query of its own. */
interface Part extends Query {
  readonly name?: string | undefined
  readonly text: string
  handleRowDescription(message: unknown): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, connection: Connection): void
  handleReadyForQuery(connection: Connection): void
  handleError(error: Error, connection: Connection): void
}

/** Smaller pieces of a message are copied together: a socket takes its time for each. */
const LARGE_PIECE_BYTES = 16 * 1024

/** Sends them together. Each is answered by itself, and let go of then; resolves when the last one is, and throws what went wrong first. */
export function sendTogether(client: PoolClient, statements: Query[]): Promise<void> {
  return answerOf<void>((done) => client.query(new OneTrip(statements as Part[], (error) => done(error))))
}

class OneTrip extends Query {
  /** Those that are not answered yet, the next one first. */
  readonly #parts: Part[]

  constructor(parts: Part[], done: (error: Error | undefined) => void) {
    super({ text: '' }, undefined, done)
    this.#parts = parts
    // What it answers is an error: then nothing was sent.
    this.submit = (connection) => this.#submit(connection as WireConnection) as unknown as void
  }

  /** The client notes the name of the query under way, once the server has parsed it. */
  get name(): string | undefined {
    return this.#part?.name
  }

  get text(): string {
    return this.#part?.text ?? ''
  }

  // pg's own constructor says what it was given.
  set name(_name: string | undefined) {}
  set text(_text: string) {}

  handleRowDescription(message: unknown): void {
    this.#part?.handleRowDescription(message)
  }

  handleDataRow(message: unknown): void {
    this.#part?.handleDataRow(message)
  }

  handleCopyInResponse(): void {}

  handleCommandComplete(message: unknown, connection: Connection): void {
    this.#part?.handleCommandComplete(message, connection)
    this.#end(connection)
  }

  /** A statement of nothing has no other answer. */
  handleEmptyQuery(connection: Connection): void {
    this.#end(connection)
  }

  handleError(error: Error, connection: Connection): void {
    const { parsedStatements, submittedNamedStatements } = connection as WireConnection
    for (const part of this.#parts.splice(0)) {
      if (part.name !== undefined && parsedStatements[part.name] === undefined) delete submittedNamedStatements[part.name]
      part.handleError(error, connection)
    }
    ;(Query.prototype as Part).handleError.call(this, error, connection)
  }

  #end(connection: Connection): void {
    this.#parts.shift()?.handleReadyForQuery(connection)
  }

  get #part(): Part | undefined {
    return this.#parts[0]
  }

  #submit(connection: WireConnection): Error | null {
    let pieces: readonly Uint8Array[]
    try {
      pieces = [...inLargePieces(this.#record(connection))]
    } catch (error) {
      return error as Error
    }
    const { stream } = connection
    stream.cork()
    for (const piece of pieces) stream.write(piece)
    connection.sync()
    stream.uncork()
    return null
  }

  /** What its statements say, but for their Syncs. Throws where one of them cannot be said. */
  #record(connection: WireConnection): readonly Uint8Array[] {
    const said: Uint8Array[] = []
    const recorder = { writable: true, cork: ignored, uncork: ignored, write: (piece: Uint8Array) => said.push(piece) > 0 } as unknown as Writable
    const recording = Object.create(connection, { stream: { value: recorder }, sync: { value: ignored } }) as WireConnection
    for (const part of this.#parts) {
      const { handleError } = part
      let failed: Error | undefined
      part.handleError = (error) => (failed = error)
      const refused = part.submit(recording) as unknown as Error | null | undefined
      part.handleError = handleError
      failed ??= refused ?? undefined
      if (failed !== undefined) throw failed
    }
    // The recorder is left with nothing.
    return said.splice(0)
  }
}

function* inLargePieces(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = []
  for (const piece of pieces) {
    if (piece.length < LARGE_PIECE_BYTES) {
      small.push(piece)
      continue
    }
    if (small.length > 0) yield Buffer.concat(small)
    small = []
    yield piece
  }
  if (small.length > 0) yield Buffer.concat(small)
}

function ignored(): void {}
