import type { Entry } from '@tidemark/log'
import { decode, type Decoded } from './core/decode.js'
import { inTurns } from './in-turns.js'
import { PayloadMemory } from './payload-memory.js'

/** A batch of entries, decoded. */
export interface Read {
  readonly entries: readonly Decoded[]
  /** Where payloads stand. To be given back when nobody looks at one of them any more; who does not leaves it to the collector of garbage. */
  readonly memory: PayloadMemory
}

/**
 * Where there are more entries for certain, the next batch is read and decoded while whoever asked works on the one before: much of that is waiting for
 * the database.
 * @param from reads a log, into memory that it is given
 * @param areMore whether there are entries behind a position already, so that reading does not wait for somebody to write one
 */
export async function * readAhead(from: (memory: (bytes: number) => Buffer) => AsyncIterable<readonly Entry[]>, areMore: (position: bigint) => boolean): AsyncIterable<Read> {
  let memory = new PayloadMemory()
  const source = from((bytes) => memory.take(bytes))[Symbol.asyncIterator]()
  const read = async (): Promise<Read | undefined> => {
    const own = (memory = new PayloadMemory())
    const { value, done } = await source.next()
    return done === true ? undefined : { entries: await inTurns(value, (some) => some.map(decode)), memory: own }
  }
  let ahead: ReturnType<typeof read> | undefined
  try {
    for (;;) {
      const batch = await (ahead ?? read())
      ahead = undefined
      const last = batch?.entries.at(-1)
      if (batch === undefined || last === undefined) return
      if (areMore(last.entry.position)) {
        ahead = read()
        // What goes wrong is told to whoever asks for the next batch.
        ahead.catch(() => undefined)
      }
      yield batch
    }
  } finally {
    await ahead?.catch(() => undefined)
    await source.return?.()
  }
}
