import { beforeAll, describe, expect, it } from 'vitest'
import { readAdmission } from '../decide/admission.js'
import type { ProcessModel } from '../model.js'
import { admissionOf } from '../testing/decisions.js'
import { processOf, Scenario } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const plain = processOf({ elements: { start: message, pay: {}, ship: {}, end: {} }, flows: ['start > pay > ship > end'] })

describe('an event whose key has no instance, and that begins none', () => {
  let process: ProcessModel
  beforeAll(async () => {
    const dmn = admissionOf([['"pay"', '< 2', '"ignore"', '"too few"'], ['"pay"', '-', '"create"', 'null'], ['-', '-', '"incident"', 'null']], ['type', 'count(waiting)'])
    const { of, findings } = await readAdmission(dmn, [plain])
    expect(findings).toEqual([])
    const admission = of.get('process')
    if (admission === undefined) throw new Error('no decision')
    process = { ...plain, admission }
  })
  const held = (given: Scenario) => given.unit.held.map(({ element, verdict }) => `${element} ${verdict.action}`)

  it('begins one where no table says otherwise', () => {
    expect(new Scenario(plain).event('pay', 'PT0S').deviations()).toEqual(['missingStart start'])
  })

  it('is kept out by the rule that says so, and can be said once the grace has passed', () => {
    const given = new Scenario(process).event('pay', 'PT0S').event('ship', 'PT1M')
    expect(given.shown()).toEqual([])
    expect(given.unit.held.map(({ position, verdict, settlesAt, time }) => [position, verdict, settlesAt - time])).toEqual([
      [1n, { action: 'ignore', reason: 'rule r1: too few' }, 30_000], [2n, { action: 'incident', reason: 'rule r3' }, 30_000],
    ])
  })

  it('begins an instance at this point where the table says so; what was kept out before stays out', () => {
    const given = new Scenario(process).event('pay', 'PT0S').event('pay', 'PT1M').event('pay', 'PT2M')
    expect(given.deviations()).toEqual(['missingStart start'])
    expect(given.tokens()).toEqual(['ship'])
    expect(given.instance().view.startedAt - given.unit.held[0]!.time).toBe(120_000)
    expect(held(given)).toEqual(['pay ignore', 'pay ignore'])
  })

  it('is followed as if it had come in order when the start arrives later but happened before', () => {
    const given = new Scenario(process).event('pay', 'PT1M').event('start', 'PT0S', { arrives: 'PT5M' })
    expect(given.deviations()).toEqual([])
    expect(given.tokens()).toEqual(['ship'])
    expect(held(given)).toEqual([])
  })

  it('joins an instance that begins within the tolerance, where only clocks differ, and none that begins later', () => {
    const close = new Scenario(process).event('pay', 'PT0S').event('start', 'PT1S')
    expect(close.deviations()).toEqual([])
    expect(held(close)).toEqual([])
    const later = new Scenario(process).event('pay', 'PT0S').event('start', 'PT1M')
    expect(later.tokens()).toEqual(['pay'])
    expect(later.deviations()).toEqual([])
    expect(held(later)).toEqual(['pay ignore'])
  })

  it('that is part of an instance already is no matter of the table', () => {
    const given = new Scenario(process).event('start', 'PT0S').event('pay', 'PT1M').event('ship', 'PT2M').event('ship', 'PT3M')
    expect(given.deviations()).toEqual(['repeated ship'])
    expect(held(given)).toEqual([])
  })

  it('is decided the same in whatever order the entries arrive', () => {
    const events = [['pay', 'PT0S'], ['ship', 'PT30S'], ['pay', 'PT1M'], ['pay', 'PT2M'], ['ship', 'PT3M']] as const
    const told = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]].map((order) => {
      const given = new Scenario(process)
      for (const index of order) given.event(events[index]![0], events[index]![1], { arrives: 'PT1H', source: `/${index}` })
      return [...held(given).sort(), ...given.deviations(), ...given.tokens()]
    })
    expect(told[1]).toEqual(told[0])
    expect(told[2]).toEqual(told[0])
  })
})
