import { describe, expect, it } from 'vitest'
import { MAX_ATTEMPTS, judgeAnswer, nextStep } from './attempt.js'

const now = Date.UTC(2026, 0, 1)

describe('an answer', () => {
  it.each([[200, 'delivered'], [204, 'delivered'], [301, 'retry'], [400, 'retry'], [410, 'dead'], [500, 'retry']])('of %i means %s', (status, kind) => {
    expect(judgeAnswer({ status, retryAfter: null }, now).kind).toBe(kind)
  })

  it.each([
    ['120', 120], ['Thu, 01 Jan 2026 00:01:30 GMT', 90], ['Wed, 31 Dec 2025 00:00:00 GMT', 0], ['99999999', 86_400], ['soon', undefined], ['', undefined],
  ])('that asks to wait "%s" is given that, up to a day', (retryAfter, waitSeconds) => {
    expect(judgeAnswer({ status: 429, retryAfter }, now)).toMatchObject(waitSeconds === undefined ? { kind: 'retry' } : { waitSeconds })
  })

  it('asks nothing with other statuses', () => {
    expect(judgeAnswer({ status: 500, retryAfter: '120' }, now)).not.toHaveProperty('waitSeconds')
  })
})

describe('the next step', () => {
  const failed = { kind: 'retry', error: 'no' } as const
  it('waits a random part of a time that doubles up to an hour', () => {
    expect([1, 2, 5, 20].map((attempts) => nextStep(failed, attempts, 1))).toMatchObject([{ seconds: 1 }, { seconds: 2 }, { seconds: 16 }, { seconds: 3_600 }])
    expect(nextStep(failed, 5, 0.25)).toMatchObject({ seconds: 4 })
  })

  it('gives up after about a day of attempts', () => {
    const waits = Array.from({ length: MAX_ATTEMPTS - 1 }, (_, i) => nextStep(failed, i + 1, 0.5))
    const hours = waits.reduce((sum, step) => sum + (step.kind === 'wait' ? step.seconds : 0), 0) / 3_600
    expect(hours).toBeGreaterThan(22)
    expect(hours).toBeLessThan(26)
    expect(nextStep(failed, MAX_ATTEMPTS, 0.5).kind).toBe('dead')
  })
})
