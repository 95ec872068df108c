import { LogError } from '@tidemark/log'
import { expect, test } from 'vitest'
import { TrackerError } from '../problem.js'
import { patiently } from './patiently.js'

/** Fails so, one after the other, then succeeds. */
function failing(...errors: Error[]) {
  let calls = 0
  return {
    work: async () => {
      const error = errors[calls++]
      if (error !== undefined) throw error
      return 'done'
    },
    calls: () => calls,
  }
}

test('what fails for a reason that passes is done again', async () => {
  const { work, calls } = failing(new Error('Query read timeout'), Object.assign(new Error('deadlock detected'), { code: '40P01' }), new LogError('unavailable', 'The log does not answer.'))
  expect(await patiently('it', undefined, work)).toBe('done')
  expect(calls()).toBe(4)
})

test('what does not pass is told at once', async () => {
  for (const error of [new TrackerError('newerSchema', 500, 'too new'), Object.assign(new Error('no such table'), { code: '42P01' })]) {
    const { work, calls } = failing(error, error)
    await expect(patiently('it', undefined, work)).rejects.toBe(error)
    expect(calls()).toBe(1)
  }
})

test('nobody goes on waiting who is told to stop', async () => {
  const stop = new AbortController()
  const { work, calls } = failing(...Array.from({ length: 9 }, () => new Error('Query read timeout')))
  const waiting = patiently('it', undefined, async () => {
    setImmediate(() => stop.abort())
    return work()
  }, stop.signal)
  await expect(waiting).rejects.toThrow('Query read timeout')
  expect(calls()).toBe(1)
})

test('nobody waits who is told to stop', async () => {
  const { work, calls } = failing(new Error('Query read timeout'))
  await expect(patiently('it', undefined, work, AbortSignal.abort())).rejects.toThrow('Query read timeout')
  expect(calls()).toBe(1)
})
