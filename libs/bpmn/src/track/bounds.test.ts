import { describe, expect, it } from 'vitest'
import type { ProcessModel } from '../model.js'
import { MAX_PARALLEL_INSTANCES } from '../net/bounds.js'
import { processOf, Scenario } from '../testing/scenario.js'
import { MAX_EXACT_MARKINGS } from './costs.js'
import { MAX_TOKENS_PER_PLACE } from './marking.js'

const message = { trigger: { kind: 'message' } } as const

/** Whether the instance says that it is not exact, after these events. */
function isApproximate(process: ProcessModel, types: readonly string[]): boolean {
  const scenario = new Scenario(process).event('start', 'PT0S')
  types.forEach((type, index) => scenario.event(type, `PT${index + 1}S`))
  return scenario.instance().view.approximate
}

describe('an instance says that it is approximate', () => {
  it(`where more than ${MAX_TOKENS_PER_PLACE} tokens lie at one place`, () => {
    const process = processOf({
      elements: { start: message, a: {}, ask: { kind: 'boundaryEvent', interrupting: false, attachedTo: 'a', ...message }, answer: {}, endAsk: {}, end: {} },
      flows: ['start > a > end', 'ask > answer > endAsk'],
    })
    const asked = (times: number) => Array.from({ length: times }, () => 'ask')
    expect(isApproximate(process, asked(MAX_TOKENS_PER_PLACE))).toBe(false)
    expect(isApproximate(process, asked(MAX_TOKENS_PER_PLACE + 1))).toBe(true)
  })

  it(`where more than ${MAX_PARALLEL_INSTANCES} instances of an activity run at once`, () => {
    const process = processOf({
      elements: { start: message, a: { loop: { kind: 'parallel' }, bindings: [{ event: 'begin', phase: 'start', from: 'name' }, { event: 'done', phase: 'end', from: 'name' }] }, end: {} },
      flows: ['start > a > end'],
    })
    const begun = (times: number) => Array.from({ length: times }, () => 'begin')
    expect(isApproximate(process, begun(MAX_PARALLEL_INSTANCES))).toBe(false)
    expect(isApproximate(process, begun(MAX_PARALLEL_INSTANCES + 1))).toBe(true)
  })

  it(`where more than ${MAX_EXACT_MARKINGS} markings explain everything`, () => {
    const names = Array.from({ length: 15 }, (_, index) => `t${index}`)
    const process = processOf({
      elements: { start: message, and1: {}, ...Object.fromEntries(names.map((name) => [name, { bindings: [{ event: 'done', phase: 'end', from: 'name' }] }])), and2: {}, end: {} },
      flows: ['start > and1', ...names.map((name) => `and1 > ${name} > and2`), 'and2 > end'],
    })
    const done = (times: number) => Array.from({ length: times }, () => 'done')
    // Of 15 tasks 5 can have been done in 3,003 ways, 6 in 5,005.
    expect(isApproximate(process, done(5))).toBe(false)
    expect(isApproximate(process, done(6))).toBe(true)
  }, 60_000)

  it('where what we decide ourselves does not come to an end', () => {
    const process = processOf({
      elements: { start: message, xor1: {}, xor2: {}, xor3: {}, b: {}, end: {} },
      flows: ['start > xor1', 'xor1 > xor2', 'xor2 > xor3 if x = 1', 'xor2 > b if x = 2', 'xor3 > xor1', 'b > end'],
    })
    expect(new Scenario(process).event('start', 'PT0S', { patch: { x: 2 } }).instance().view.approximate).toBe(false)
    expect(new Scenario(process).event('start', 'PT0S', { patch: { x: 1 } }).instance().view.approximate).toBe(true)
  })
})
