import { LogError, type Log } from '@tidemark/log'

/** True where everything from this position on is still in the log. */
export async function reaches(log: Pick<Log, 'read'>, position: bigint): Promise<boolean> {
  try {
    const reading = log.read({ from: { position }, limit: 1 })[Symbol.asyncIterator]()
    await reading.next()
    await reading.return?.()
    return true
  } catch (error) {
    if (error instanceof LogError && error.code === 'outOfRange') return false
    throw error
  }
}
