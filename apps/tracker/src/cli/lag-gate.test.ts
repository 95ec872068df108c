import { expect, test } from 'vitest'
import type { Status } from '@tidemark/api'
import { LagGate } from './lag-gate.js'

const status = (lagSeconds: number, lagEntries: number, folded = '1'): Status => ({ lagSeconds, lagEntries, folded, clockScale: 1 }) as Status

function gateOver(answers: Status[]): { gate: LagGate; asked: () => number } {
  let asked = 0
  const gate = new LagGate({ status: async () => answers[Math.min(asked++, answers.length - 1)] ?? status(0, 0) })
  return { gate, asked: () => asked }
}

test('nothing is held back while the tracker keeps up', async () => {
  const { gate, asked } = gateOver([status(0.2, 900)])
  await gate.pass()
  expect(asked()).toBe(1)
})

test('the tracker is not asked before every batch', async () => {
  const { gate, asked } = gateOver([status(0, 0)])
  for (let batch = 0; batch < 100; batch += 1) await gate.pass()
  expect(asked()).toBeLessThan(5)
})

test('sending pauses while the tracker is more than a second behind, until it has caught up by half', async () => {
  const { gate, asked } = gateOver([status(1.5, 5000), status(0.9, 4000), status(0.4, 400)])
  await gate.pass()
  expect(asked()).toBe(4 - 1)
})

test('a queue that is far too long counts even where it is young', async () => {
  const { gate, asked } = gateOver([status(0, 30_000), status(0, 9_000)])
  await gate.pass()
  expect(asked()).toBe(2)
})

test('a second of a clock that runs fast is not a second of ours', async () => {
  const { gate, asked } = gateOver([{ ...status(40_000, 5_000), clockScale: 86_400 }])
  await gate.pass()
  expect(asked()).toBe(1)
})

test('waiting for the last event ends when it was followed', async () => {
  const { gate, asked } = gateOver([status(0, 9, '5'), status(0, 3, '9'), status(0, 0, '10')])
  await gate.caughtUp(10n)
  expect(asked()).toBe(3)
})

test('a tracker that follows nothing any more is not waited for without end', async () => {
  let now = 0
  const gate = new LagGate({ status: async () => { now += 5 * 60_000; return status(9, 9_000, '7') }, now: () => now })
  await expect(gate.caughtUp(10n)).rejects.toThrow(/stood at position 7/)
})
