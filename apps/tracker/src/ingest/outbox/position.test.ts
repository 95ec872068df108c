import { MemoryLog } from '@tidemark/log'
import { expect, test } from 'vitest'
import { positionDraft, storedPosition, upTo } from './position.js'

test('a snapshot is cut behind the newest transaction that was seen', () => {
  expect(upTo('10:20:10,12,15', 30n)).toBe('10:20:10,12,15')
  expect(upTo('10:20:10,12,15', 13n)).toBe('10:14:10,12')
  expect(upTo('10:20:10,12,15', 9n)).toBe('10:10:')
  expect(upTo('10:20:10,12,15', 5n)).toBe('6:6:')
  expect(upTo('20:20:', 19n)).toBe('20:20:')
})

test('the position of an outbox is the newest of its own', async () => {
  const log = new MemoryLog()
  expect(await storedPosition(log, 'order')).toBeUndefined()
  const within = { target: '5:9:7', committed: '2026-03-01 12:00:00+00', transaction: '6', newest: '8' }
  await log.append([positionDraft('order', { read: '3:5:' }), positionDraft('payment', { read: '8:8:' }), positionDraft('order', { read: '3:5:', within })])
  await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
  expect(await storedPosition(log, 'order')).toEqual({ read: '3:5:', within })
  expect((await storedPosition(log, 'payment'))?.read).toBe('8:8:')
  // Whoever sends events cannot move it: theirs are of another kind.
  await log.append([{ ...positionDraft('order', { read: '99:99:' }), kind: 'event' }])
  expect((await storedPosition(log, 'order'))?.read).toBe('3:5:')
})
