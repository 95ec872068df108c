import { describe, expect, it } from 'vitest'
import type { ProcessDraft } from '../testing/scenario.js'
import { processOf, Scenario } from '../testing/scenario.js'
import { explainInstance } from './explain.js'

const message = { trigger: { kind: 'message' } } as const

/** An order of several parcels: each is packed and labelled in either order, then sent. */
function parcels(more: ProcessDraft['elements'] = {}, flows: readonly string[] = [], loop: object = {}) {
  return processOf({
    elements: {
      start: message, sub: { kind: 'subProcess', itemKey: 'data.parcel', loop: { kind: 'parallel', ...loop } }, startIn: { parent: 'sub' },
      and1: { parent: 'sub' }, pack: { parent: 'sub' }, label: { parent: 'sub' }, and2: { parent: 'sub' }, send: { parent: 'sub' }, endIn: { parent: 'sub' }, bill: {}, end: {}, ...more,
    },
    flows: ['start > sub > bill > end', 'startIn > and1 > pack > and2 > send > endIn', 'and1 > label > and2', ...flows],
  })
}

/** `type item`, a minute apart, from the second minute on. */
function given(process: ReturnType<typeof processOf>, ...events: readonly string[]): Scenario {
  return events.reduce((scenario, event, index) => {
    const [type = '', item] = event.split(' ')
    return scenario.event(type, `PT${index + 1}M`, item === undefined ? {} : { item })
  }, new Scenario(process).event('start', 'PT0S'))
}

function tokensOf(scenario: Scenario): readonly string[] {
  return scenario.instance().view.tokens.map(({ element, item }) => (item === undefined ? element : `${element} ${item}`)).sort()
}

function deviationsOf(scenario: Scenario): readonly string[] {
  return scenario.instance().view.deviations.map(({ kind, elements, item }) => [kind, ...elements, ...(item === undefined ? [] : [`of ${item}`])].join(' '))
}

describe('items of a parallel sub-process with a key', () => {
  it('are followed each by itself, however they overlap', () => {
    const scenario = given(parcels(), 'pack a', 'label b', 'label c', 'label a', 'send a', 'pack c')
    expect(tokensOf(scenario)).toEqual(['and2 b', 'pack b', 'send c', 'sub b', 'sub c'])
    scenario.event('pack', 'PT10M', { item: 'b' }).event('send', 'PT11M', { item: 'c' }).event('send', 'PT12M', { item: 'b' }).event('bill', 'PT13M')
    expect(scenario.instance().view).toMatchObject({ status: 'completed', deviations: [], approximate: false })
    expect(scenario.instance().view.visits.get('sub')).toBe(3)
    expect(scenario.instance().view.visits.get('send')).toBe(3)
  })

  it('tell an event that was lost of the item that lost it', () => {
    expect(deviationsOf(given(parcels(), 'pack a', 'label b', 'send a', 'pack b', 'send b', 'bill'))).toEqual(['skipped label of a'])
    expect(deviationsOf(given(parcels(), 'pack a', 'label b', 'label a', 'pack b', 'send b', 'bill'))).toEqual(['skipped send of a'])
    expect(deviationsOf(given(parcels(), 'pack a', 'pack b', 'pack b', 'label b', 'label a', 'send b', 'send a', 'bill'))).toEqual(['repeated pack of b'])
    expect(deviationsOf(given(parcels(), 'send a', 'bill'))).toEqual(['skipped pack label of a'])
  })

  it('take what comes late when everybody has gone on', () => {
    const late = given(parcels(), 'pack a', 'label a', 'bill', 'send a')
    expect(late.deviations()).toEqual(['outOfOrder sub'])
    expect(late.instance().view.status).toBe('completed')
    const again = given(parcels(), 'pack a', 'label a', 'send a', 'bill', 'send a')
    expect(deviationsOf(again)).toEqual(['repeated send of a'])
  })

  it('are counted, and complete the activity where data says how many there are', () => {
    const process = parcels({}, [], { cardinality: '= parcels' })
    const scenario = new Scenario(process).event('start', 'PT0S', { patch: { parcels: 2 } })
    expect(scenario.tokens()).toEqual(['sub'])
    for (const [index, type] of ['pack', 'label', 'send'].entries()) scenario.event(type, `PT${index + 1}M`, { item: 'a' })
    expect(scenario.instance().view.tokens).toMatchObject([{ element: 'sub', instances: { done: 1, of: 2 } }])
    for (const [index, type] of ['pack', 'label'].entries()) scenario.event(type, `PT${index + 5}M`, { item: 'b' })
    expect(scenario.instance().view.tokens.find(({ element }) => element === 'sub')).toMatchObject({ item: 'b', instances: { done: 1, of: 2 } })
    expect(scenario.event('send', 'PT9M', { item: 'b' }).tokens()).toEqual(['bill'])
    expect(new Scenario(process).event('start', 'PT0S', { patch: { parcels: 0 } }).tokens()).toEqual(['bill'])
  })

  it('are over when the completion condition is true', () => {
    const scenario = given(parcels({}, [], { completion: '= enough' }), 'pack a', 'label a', 'pack b')
    expect(tokensOf(scenario)).toEqual(['and2 b', 'label b', 'send a', 'sub a', 'sub b'])
    scenario.event('send', 'PT8M', { item: 'a', patch: { enough: true } })
    expect(scenario.tokens()).toEqual(['bill'])
    expect(deviationsOf(scenario.event('label', 'PT9M', { item: 'b' }))).toEqual(['afterCancel label of b'])
  })

  it('may begin anew, with the same keys, where the activity is entered again', () => {
    const process = processOf({
      elements: { start: message, xor1: {}, sub: { kind: 'subProcess', itemKey: 'x', loop: { kind: 'parallel' } }, startIn: { parent: 'sub' }, a: { parent: 'sub' }, b: { parent: 'sub' }, endIn: { parent: 'sub' }, xor2: {}, z: {}, end: {} },
      flows: ['start > xor1 > sub > xor2 > z > end', 'xor2 > xor1', 'startIn > a > b > endIn'],
    })
    expect(given(process, 'a 1', 'a 2', 'b 2', 'b 1', 'a 1', 'b 1', 'z').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('are one where an event does not say its item', () => {
    expect(given(parcels(), 'pack', 'label', 'send', 'bill').deviations()).toEqual([])
    expect(given(parcels(), 'pack a', 'label b', 'label', 'send a', 'pack b', 'send b', 'bill').deviations()).toEqual([])
  })

  it('are all interrupted by an event at the border, and by the end of what they are in', () => {
    const process = parcels({ cancel: { kind: 'boundaryEvent', attachedTo: 'sub', ...message }, tidy: {}, endTidy: {} }, ['cancel > tidy > endTidy'])
    const scenario = given(process, 'pack a', 'pack b', 'cancel')
    expect(scenario.tokens()).toEqual(['tidy'])
    expect(deviationsOf(scenario.event('label', 'PT9M', { item: 'b' }))).toEqual(['afterCancel label of b'])
    expect(scenario.event('tidy', 'PT10M').instance().view.status).toBe('completed')
  })

  it('throw errors out of the activity, which ends the others', () => {
    const process = parcels({
      xor1: { parent: 'sub' }, lost: { parent: 'sub' }, endLost: { parent: 'sub', trigger: { kind: 'error', name: 'lost' } },
      caught: { kind: 'boundaryEvent', attachedTo: 'sub', trigger: { kind: 'error', name: 'lost' } }, refund: {}, endRefund: {},
    }, ['caught > refund > endRefund', 'and2 > xor1 > lost > endLost', 'xor1 > send'])
    const direct = { ...process, flows: process.flows.filter(({ id }) => id !== 'and2>send') }
    const mended = { ...direct, elements: direct.elements.map((element) => ({ ...element, outgoing: element.outgoing.filter((flow) => flow !== 'and2>send'), incoming: element.incoming.filter((flow) => flow !== 'and2>send') })) }
    const scenario = given(mended, 'pack a', 'pack b', 'label b', 'lost b')
    expect(scenario.tokens()).toEqual(['refund'])
    expect(deviationsOf(scenario)).toEqual([])
    expect(deviationsOf(scenario.event('label', 'PT9M', { item: 'a' }))).toEqual(['afterCancel label of a'])
  })

  it('escalate without ending anything, where the border lets them', () => {
    const process = parcels({
      tell: { parent: 'sub', kind: 'intermediateThrowEvent', trigger: { kind: 'escalation', name: 'slow' }, bindings: [{ event: 'tell', phase: 'occur', from: 'name' }] },
      caught: { kind: 'boundaryEvent', attachedTo: 'sub', interrupting: false, trigger: { kind: 'escalation', name: 'slow' } }, call: {}, endCall: {},
    }, ['send > tell > endIn', 'caught > call > endCall'])
    const mended = { ...process, flows: process.flows.filter(({ id }) => id !== 'send>endIn'), elements: process.elements.map((element) => ({ ...element, outgoing: element.outgoing.filter((flow) => flow !== 'send>endIn'), incoming: element.incoming.filter((flow) => flow !== 'send>endIn') })) }
    const scenario = given(mended, 'pack a', 'pack b', 'label b', 'send b', 'tell b')
    expect(tokensOf(scenario)).toEqual(['and2 a', 'call', 'label a', 'sub a'])
  })

  it('have timers of their own', () => {
    const process = parcels({
      over: { kind: 'boundaryEvent', parent: 'sub', attachedTo: 'send', interrupting: false, trigger: { kind: 'timer', timer: { kind: 'duration', text: 'PT1H', mode: 'self' } } }, remind: { parent: 'sub' }, endRemind: { parent: 'sub' },
    }, ['over > remind > endRemind'])
    const scenario = given(process, 'pack a', 'label a', 'pack b').event('label', 'PT30M', { item: 'b' })
    expect(scenario.instance('PT62M31S').view.tokens.filter(({ element }) => element === 'remind')).toMatchObject([{ item: 'a' }])
    expect(scenario.instance('PT91M').view.tokens.filter(({ element }) => element === 'remind').map(({ item }) => item).sort()).toEqual(['a', 'b'])
    scenario.event('remind', 'PT100M', { item: 'b' }).event('send', 'PT101M', { item: 'b' }).event('send', 'PT102M', { item: 'a' }).event('remind', 'PT103M', { item: 'a' }).event('bill', 'PT104M')
    expect(scenario.instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  describe('that have items themselves', () => {
    const process = processOf({
      elements: {
        start: message, sub: { kind: 'subProcess', itemKey: 'x', loop: { kind: 'parallel' } }, startIn: { parent: 'sub' }, a: { parent: 'sub' },
        inner: { kind: 'subProcess', parent: 'sub', itemKey: 'y', loop: { kind: 'parallel' } }, startInner: { parent: 'inner' }, b: { parent: 'inner' }, c: { parent: 'inner' }, endInner: { parent: 'inner' },
        d: { parent: 'sub' }, endIn: { parent: 'sub' }, z: {}, end: {},
      },
      flows: ['start > sub > z > end', 'startIn > a > inner > d > endIn', 'startInner > b > c > endInner'],
    })
    const begun = () => given(process, 'a 1', 'a 2', 'b 1/x', 'b 1/y', 'b 2/x', 'c 1/y')

    it('are followed with those', () => {
      const scenario = begun()
      expect(tokensOf(scenario)).toEqual(['c 1 / x', 'c 2 / x', 'inner 1 / x', 'inner 2 / x', 'sub 1', 'sub 2'])
      const done = scenario.event('c', 'PT10M', { item: '1/x' }).event('d', 'PT11M', { item: '1' }).event('d', 'PT12M', { item: '2' }).event('z', 'PT13M')
      expect(deviationsOf(done)).toEqual(['skipped c of 2 / x'])
    })

    it('are meant by both names, or by the outer one where it has a single one at work', () => {
      for (const [item, left] of [['2 / x', 'c 1 / x'], ['2', 'c 1 / x'], ['1 / x', 'c 2 / x']] as const) {
        const scenario = begun().entry({ kind: 'operation', type: 'assertStep', element: 'c', patch: { item }, by: 'ann' }, 'PT10M')
        expect(tokensOf(scenario).filter((token) => token.startsWith('c '))).toEqual([left])
      }
    })
  })

  it('are told apart in what is explained of an instance', () => {
    const { visits, expected } = explainInstance(given(parcels(), 'pack a', 'label b', 'label a').instance())
    expect(visits.filter(({ element }) => element === 'label').map(({ element, item, left }) => [element, item, left !== undefined])).toEqual([['label', 'a', true], ['label', 'b', true]])
    expect(visits.filter(({ left }) => left === undefined).map(({ element, item }) => `${element} ${item}`).sort()).toEqual(['and2 b', 'pack b', 'send a', 'sub a', 'sub b'])
    // A further item may begin with either, and has no name yet.
    expect(Object.fromEntries(expected.map(({ element, items }) => [element, items]))).toEqual({ label: [], pack: ['b'], send: ['a'] })
  })

  it('go on where a person says that a step was done', () => {
    const scenario = given(parcels(), 'pack a', 'pack b').entry({ kind: 'operation', type: 'assertStep', element: 'label', patch: { item: 'b' }, by: 'ann' }, 'PT5M').event('send', 'PT6M', { item: 'b' })
    expect(tokensOf(scenario)).toEqual(['and2 a', 'label a', 'sub a'])
    expect(deviationsOf(scenario)).toEqual([])
  })

  it('stay where they are when a person names one that there is not, or means one of several', () => {
    for (const patch of [{ item: 'z' }, {}]) {
      const scenario = given(parcels(), 'pack a', 'pack b').entry({ kind: 'operation', type: 'assertStep', element: 'label', patch, by: 'ann' }, 'PT5M')
      expect(tokensOf(scenario)).toEqual(['and2 a', 'and2 b', 'label a', 'label b', 'sub a', 'sub b'])
    }
  })
})

describe('items of a parallel task with a start and an end', () => {
  const process = processOf({
    elements: {
      start: message, ship: { itemKey: 'data.parcel', loop: { kind: 'parallel' }, bindings: [{ event: 'sent', phase: 'start', from: 'name' }, { event: 'arrived', phase: 'end', from: 'name' }], sla: { duration: 'PT1H', severity: 'warning' } },
      bill: {}, end: {},
    },
    flows: ['start > ship > bill > end'],
  })

  it('end by their own event', () => {
    const scenario = given(process, 'sent a', 'sent b', 'arrived b', 'sent c')
    expect(tokensOf(scenario)).toEqual(['ship a', 'ship c'])
    expect(scenario.instance().view.durations).toEqual([['start', 0], ['ship', 60_000]].filter(([element]) => element === 'ship'))
    expect(deviationsOf(scenario.event('arrived', 'PT9M', { item: 'c' }).event('bill', 'PT10M'))).toEqual(['skipped ship of a'])
  })

  it('are late each by itself', () => {
    const scenario = given(process, 'sent a').event('sent', 'PT50M', { item: 'b' })
    expect(scenario.instance('PT62M').view.tokens.map(({ item, late }) => [item, late])).toEqual([['a', true], ['b', false]])
  })
})

describe('items of a repeated call', () => {
  it('each wait for the instance that they have called', () => {
    const process = processOf({
      elements: { start: message, call: { kind: 'callActivity', calledElement: 'shipping', itemKey: 'x', loop: { kind: 'parallel' }, bindings: [{ event: 'called', phase: 'start', from: 'name' }] }, z: {}, end: {} },
      flows: ['start > call > z > end'],
    })
    const shipping = processOf({ id: 'shipping', elements: { begin: { kind: 'startEvent', trigger: { kind: 'message' } }, ship: {}, end: {} }, flows: ['begin > ship > end'] })
    const scenario = new Scenario(process, [shipping]).event('start', 'PT0S').event('called', 'PT1M', { item: 'a' }).event('begin', 'PT2M').event('called', 'PT3M', { item: 'b' })
    expect(tokensOf(scenario)).toEqual(['call a', 'call b'])
    expect(tokensOf(scenario.event('ship', 'PT4M'))).toEqual(['call b'])
    expect(tokensOf(scenario.event('begin', 'PT5M').event('ship', 'PT6M'))).toEqual(['call'])
    expect(scenario.event('z', 'PT7M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })
})

describe('what happens beside something that goes on', () => {
  const sub = processOf({
    elements: {
      start: message, work: { kind: 'subProcess' }, startIn: { parent: 'work' }, a: { parent: 'work' }, b: { parent: 'work' }, endIn: { parent: 'work' }, z: {}, end: {},
      es: { kind: 'subProcess', parent: 'work', triggeredByEvent: true, itemKey: 'data.claim' }, startEs: { parent: 'es', interrupting: false, ...message }, check: { parent: 'es' }, settle: { parent: 'es' }, endEs: { parent: 'es' },
    },
    flows: ['start > work > z > end', 'startIn > a > b > endIn', 'startEs > check > settle > endEs'],
  })

  it('is told apart by its key in an event sub-process', () => {
    const scenario = given(sub, 'startEs 1', 'a', 'startEs 2', 'check 2', 'settle 2', 'b')
    expect(tokensOf(scenario)).toEqual(['check 1', 'es 1', 'work'])
    expect(deviationsOf(scenario.event('check', 'PT10M', { item: '1' }).event('settle', 'PT11M', { item: '1' }).event('z', 'PT12M'))).toEqual([])
    expect(deviationsOf(given(sub, 'startEs 1', 'startEs 2', 'settle 2', 'check 1', 'settle 1', 'a', 'b', 'z'))).toEqual(['skipped check of 2'])
    expect(deviationsOf(given(sub, 'startEs 1', 'check 1', 'a', 'settle 1', 'startEs 1', 'check 1', 'settle 1', 'b', 'z'))).toEqual([])
  })

  it('and on the path of a boundary event', () => {
    const process = processOf({
      elements: { start: message, a: {}, ask: { kind: 'boundaryEvent', interrupting: false, attachedTo: 'a', itemKey: 'data.question', ...message }, read: {}, answer: {}, endAsk: {}, end: {} },
      flows: ['start > a > end', 'ask > read > answer > endAsk'],
    })
    const scenario = given(process, 'ask 1', 'ask 2', 'read 2', 'answer 2')
    expect(tokensOf(scenario)).toEqual(['a', 'read 1'])
    expect(deviationsOf(scenario.event('a', 'PT9M').event('answer', 'PT10M', { item: '1' }))).toEqual(['skipped read of 1'])
    expect(scenario.instance().view.status).toBe('completed')
  })
})
