import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../clock.js'
import { Progress, type Committed } from '../store/progress.js'
import { LiveChannel } from './live-channel.js'

const COMMITTED: Committed = { position: 7n, clock: 0, models: ['orders'], instances: 1, alerts: false, commands: false, moves: [] }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test.each([
  ['what is known to have changed is named', [COMMITTED], 'changed'],
  ['what is not known makes everybody read everything again', [{ ...COMMITTED, models: 'everything' as const }], 'reset'],
  ['also together with what is known', [COMMITTED, { ...COMMITTED, models: 'everything' as const }, COMMITTED], 'reset'],
])('%s', (_what, commits, kind) => {
  const progress = new Progress()
  const channel = new LiveChannel(progress, systemClock())
  channel.start()
  const [orders, others]: [string[], string[]] = [[], []]
  channel.watch('orders', undefined, ({ message }) => orders.push(message.kind))
  channel.watch('others', undefined, ({ message }) => others.push(message.kind))
  for (const committed of commits) progress.report(committed)
  vi.runAllTimers()
  expect([orders, others]).toEqual([['hello', kind], kind === 'reset' ? ['hello', kind] : ['hello']])
  channel.stop()
})
