import { describe, expect, it } from 'vitest'
import { processOf, Scenario, type ElementDraft } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const when = (condition: string) => ({ kind: 'conditional', condition }) as const

describe('a conditional event', () => {
  const waits = (condition: string, more: ElementDraft = {}) => processOf({
    elements: { start: message, a: {}, ready: { kind: 'intermediateCatchEvent', trigger: when(condition), ...more }, b: {}, end: {} }, flows: ['start > a > ready > b > end'],
  })

  it('waits until its condition is known to be true', () => {
    const given = new Scenario(waits('= stock > 0')).event('start', 'PT0S').event('a', 'PT1M')
    expect(given.tokens()).toEqual(['ready'])
    expect(given.event('counted', 'PT2M', { patch: { stock: 0 } }).tokens()).toEqual(['ready'])
    expect(given.event('counted', 'PT3M', { patch: { stock: 5 } }).tokens()).toEqual(['b'])
    expect(given.event('b', 'PT4M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('that nobody can evaluate is passed when what follows says so', () => {
    const given = new Scenario(waits('${stock > 0}')).event('start', 'PT0S').event('a', 'PT1M', { patch: { stock: 5 } })
    expect(given.tokens()).toEqual(['ready'])
    expect(given.event('b', 'PT4M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('that an event is bound to waits for that', () => {
    const given = new Scenario(waits('= stock > 0', { bindings: [{ event: 'restocked', phase: 'occur', from: 'mapping' }] })).event('start', 'PT0S').event('a', 'PT1M', { patch: { stock: 5 } })
    expect(given.tokens()).toEqual(['ready'])
    expect(given.event('restocked', 'PT2M').tokens()).toEqual(['b'])
  })

  const attached = (interrupting: boolean) => processOf({
    elements: { start: message, a: {}, end: {}, fraud: { kind: 'boundaryEvent', attachedTo: 'a', interrupting, trigger: when('= score > 90') }, check: {}, endCheck: {} },
    flows: ['start > a > end', 'fraud > check > endCheck'],
  })

  it('at a border interrupts when it becomes true, also when that is learned late', () => {
    const given = new Scenario(attached(true)).event('start', 'PT0S', { patch: { score: 10 } })
    expect(given.tokens()).toEqual(['a'])
    expect(given.event('scored', 'PT1M', { patch: { score: 95 } }).tokens()).toEqual(['check'])
    const late = new Scenario(attached(true)).event('start', 'PT0S').event('a', 'PT2M').event('scored', 'PT1M', { patch: { score: 95 }, arrives: 'PT3M' })
    expect(late.deviations()).toEqual(['decisionMismatch fraud'])
    expect(late.instance().view.status).toBe('completed')
  })

  it('that does not interrupt happens once each time that it becomes true', () => {
    const given = new Scenario(attached(false)).event('start', 'PT0S', { patch: { score: 95 } }).event('scored', 'PT1M', { patch: { score: 96 } })
    expect(given.tokens()).toEqual(['a', 'check'])
    given.event('scored', 'PT2M', { patch: { score: 10 } }).event('scored', 'PT3M', { patch: { score: 99 } })
    expect(given.tokens()).toEqual(['a', 'check', 'check'])
  })

  it('starts an event sub-process while what is around it is open', () => {
    const process = processOf({
      elements: {
        start: message, a: {}, b: {}, end: {},
        es: { kind: 'subProcess', triggeredByEvent: true }, cancelled: { kind: 'startEvent', parent: 'es', interrupting: true, trigger: when('= state = "cancelled"') }, tidy: { parent: 'es' }, endEs: { parent: 'es' },
      },
      flows: ['start > a > b > end', 'cancelled > tidy > endEs'],
    })
    expect(new Scenario(process).event('start', 'PT0S').event('a', 'PT1M', { patch: { state: 'cancelled' } }).tokens()).toEqual(['es', 'tidy'])
    expect(new Scenario(process).event('start', 'PT0S').event('a', 'PT1M').event('b', 'PT2M', { patch: { state: 'cancelled' } }).instance().view.status).toBe('completed')
  })

  it('behind a gateway of events races with the others', () => {
    const process = processOf({
      elements: { start: message, race1: {}, paid: { kind: 'intermediateCatchEvent', ...message }, credit: { kind: 'intermediateCatchEvent', trigger: when('= credit') }, a: {}, b: {}, end: {}, endB: {} },
      flows: ['start > race1', 'race1 > paid > a > end', 'race1 > credit > b > endB'],
    })
    const given = new Scenario(process).event('start', 'PT0S')
    expect(given.tokens()).toEqual(['race1'])
    expect(given.event('asked', 'PT1M', { patch: { credit: true } }).tokens()).toEqual(['b'])
    expect(given.event('paid', 'PT2M').deviations()).toEqual(['decisionMismatch credit'])
  })
})
