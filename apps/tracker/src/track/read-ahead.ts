import type { Entry } from '@tidemark/log'
import { decode, type Decoded } from './core/decode.js'
import { inTurns } from './in-turns.js'

/**
 * Entries of a log, decoded. Where there are more for certain, the next batch is read and decoded while whoever asked works on the one before: much of
 * that is waiting for the database.
 * @param areMore whether there are entries behind a position already, so that reading does not wait for somebody to write one
 */
export async function * readAhead(batches: AsyncIterable<readonly Entry[]>, areMore: (position: bigint) => boolean): AsyncIterable<readonly Decoded[]> {
  const source = batches[Symbol.asyncIterator]()
  const read = async () => {
    const { value, done } = await source.next()
    return done === true ? undefined : inTurns(value, (some) => some.map(decode))
  }
  let ahead: ReturnType<typeof read> | undefined
  try {
    for (;;) {
      const decoded = await (ahead ?? read())
      ahead = undefined
      const last = decoded?.at(-1)
      if (decoded === undefined || last === undefined) return
      if (areMore(last.entry.position)) {
        ahead = read()
        // What goes wrong is told to whoever asks for the next batch.
        ahead.catch(() => undefined)
      }
      yield decoded
    }
  } finally {
    await ahead?.catch(() => undefined)
    await source.return?.()
  }
}
