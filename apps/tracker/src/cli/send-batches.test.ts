import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { TrackerClient } from './client.js'
import { BATCH_EVENTS, sendBatches, type Sendable } from './send-batches.js'

async function* events(count: number, timed: (at: number) => boolean = () => true, size = 0): AsyncGenerator<Sendable> {
  for (let at = 0; at < count; at += 1) yield { json: JSON.stringify({ at, pad: 'x'.repeat(size) }), timed: timed(at) }
}

function recorder(fails?: (batch: number) => boolean): { client: TrackerClient; batches: { at: number }[][]; most: () => number; beside: number[] } {
  const batches: { at: number }[][] = []
  const beside: number[] = []
  let [under, most] = [0, 0]
  const client = {
    async sendEvents(batch: string) {
      const number = batches.push(JSON.parse(batch) as { at: number }[])
      most = Math.max(most, ++under)
      beside.push(under)
      for (let wait = 0; wait < 5; wait += 1) await turn()
      under -= 1
      if (fails?.(number) === true) throw new Error(`batch ${number} failed`)
      return { accepted: batches[number - 1]?.length ?? 0, duplicates: 0, position: String(number) }
    },
  } as unknown as TrackerClient
  return { client, batches, most: () => most, beside }
}

const open = async (): Promise<void> => undefined

test('everything is sent once, in full batches, a few of them at a time', async () => {
  const { client, batches, most } = recorder()
  let accepted = 0
  await sendBatches(client, events(12 * BATCH_EVENTS + 7), { gate: open, onAccepted: (answer) => { accepted += answer.accepted } })
  expect(accepted).toBe(12 * BATCH_EVENTS + 7)
  expect(batches.flat().map((event) => event.at)).toEqual(Array.from({ length: accepted }, (_, at) => at))
  expect(most()).toBe(4)
})

test('a batch of large events is cut before the tracker refuses it', async () => {
  const { client, batches } = recorder()
  await sendBatches(client, events(20, undefined, 40_000), { gate: open, onAccepted: () => undefined })
  expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThan(10)
})

test('events without a time are never under way beside others', async () => {
  const { client, beside } = recorder()
  await sendBatches(client, events(6 * BATCH_EVENTS, (at) => at < 3 * BATCH_EVENTS), { gate: open, onAccepted: () => undefined })
  expect(beside).toEqual([1, 2, 3, 1, 1, 1])
})

test('the first batch that fails for good ends the sending', async () => {
  const { client, batches } = recorder((number) => number === 2)
  await expect(sendBatches(client, events(50 * BATCH_EVENTS), { gate: open, onAccepted: () => undefined })).rejects.toThrow('batch 2 failed')
  expect(batches.length).toBeLessThan(10)
})
