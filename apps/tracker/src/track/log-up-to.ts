import type { Log, ReadOptions } from '@tidemark/log'
import { aborted } from './waits.js'

/** A log as it was when its last entry stood at a position: whoever follows it waits there until its signal says stop. */
export function logUpTo(log: Log, position: bigint): Log {
  async function* read({ follow, until, ...options }: ReadOptions) {
    yield* log.read({ ...options, until: until === undefined || until > position ? position : until })
    if (follow === true && options.signal !== undefined) await aborted(options.signal)
  }
  const stats = () => ({ ...log.stats(), last: position })
  const entriesAfter = (from: bigint) => Math.max(log.entriesAfter(from) - log.entriesAfter(position), 0)
  return new Proxy(log, {
    get(target, name) {
      if (name === 'read') return read
      if (name === 'stats') return stats
      if (name === 'entriesAfter') return entriesAfter
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
