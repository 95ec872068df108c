import { describe, expect, it } from 'vitest'
import { matchSubjects, subjectFault, subjectFor } from './subjects.js'

describe('A subject for a name from outside', () => {
  it.each([
    ['com.example.order.placed', 'event.com.example.order.placed'],
    ['order placed', 'event.order_placed'],
    ['a..b', 'event.a._.b'],
    ['', 'event._'],
    ['*', 'event._'],
    ['x.>', 'event.x._'],
    ['größe.📦', 'event.größe.📦'],
    ['half \ud800', 'event.half_\ufffd'],
  ])('%j becomes %j', (name, subject) => {
    expect(subjectFor('event', name)).toBe(subject)
  })

  it.each(['e', 'ü', '📦', 'a.', '\u0000\n\t'].map((it) => it.repeat(1_000)))('can always be appended under', (name) => {
    expect(subjectFault(subjectFor('event', name))).toBeUndefined()
  })
})

describe('A subject pattern', () => {
  it.each(['', 'a..b', 'a.>.b', '.a'])('%j is refused', (pattern) => {
    expect(() => matchSubjects([pattern])).toThrow('is not a subject pattern')
  })
})
