/** Events on their way to a tracker, each when its moment has come and until it is acknowledged, by the sink that the demo's services have. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Arrival } from '@tidemark/example-order-fulfilment'
import { HttpSink } from '../../examples/order-fulfilment/src/sink.js'

export interface Traffic {
  /** Resolves when everything was acknowledged or refused for good. */
  readonly done: Promise<void>
  /** By source, NUL and id. */
  readonly acknowledged: ReadonlySet<string>
  readonly refused: readonly string[]
  /** Resolves when so many more events were acknowledged, or all. */
  more(count: number): Promise<void>
}

/** @param scale milliseconds of `clock` in one of this machine */
export function send(arrivals: readonly Arrival[], url: string, clock: () => number, scale: number): Traffic {
  const acknowledged = new Set<string>()
  const refused: string[] = []
  const waiting = new Set<() => void>()
  const told = () => waiting.forEach((look) => look())
  let open = arrivals.length
  const sink = new HttpSink({
    url, log: () => undefined,
    onAcknowledged: ({ event }) => {
      acknowledged.add(`${event.source}\0${event.id}`)
      open--
      told()
    },
    onRefused: (_emission, reason) => {
      refused.push(reason)
      open--
      told()
    },
  })
  const until = (isSo: () => boolean) => new Promise<void>((resolve) => {
    const look = () => {
      if (!isSo()) return
      waiting.delete(look)
      resolve()
    }
    waiting.add(look)
    look()
  })
  const offered = (async () => {
    for (const { at, service, event } of arrivals) {
      const early = (at - clock()) / scale
      if (early > 0) await pause(early)
      sink.offer({ service, orderId: '', event })
    }
  })()
  return {
    acknowledged, refused,
    done: offered.then(() => until(() => open === 0)),
    more: (count) => {
      const goal = Math.max(open - count, 0)
      return until(() => open <= goal)
    },
  }
}
