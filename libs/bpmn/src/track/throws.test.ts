import { describe, expect, it } from 'vitest'
import { processOf, Scenario, type ElementDraft } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const

/** `sub` with parallel tasks a and b, of which a leads to what is thrown; around it the given catchers. */
function throwing(thrown: ElementDraft, catchers: Readonly<Record<string, ElementDraft>>, flows: readonly string[]) {
  return processOf({
    elements: {
      start: message, sub: { kind: 'subProcess' }, startIn: { parent: 'sub' }, andIn: { kind: 'parallelGateway', parent: 'sub' }, a: { parent: 'sub' }, b: { parent: 'sub' },
      thrown: { kind: 'endEvent', parent: 'sub', ...thrown }, endB: { parent: 'sub' }, last: {}, end: {}, ...catchers,
    },
    flows: ['start > sub > last > end', 'startIn > andIn', 'andIn > a > thrown', 'andIn > b > endB', ...flows],
  })
}

const eventSub = (trigger: ElementDraft['trigger'], interrupting: boolean, parent?: string): Record<string, ElementDraft> => ({
  es: { kind: 'subProcess', triggeredByEvent: true, ...(parent === undefined ? {} : { parent }) },
  startEs: { kind: 'startEvent', parent: 'es', interrupting, ...(trigger === undefined ? {} : { trigger }) }, inEs: { parent: 'es' }, endEs: { parent: 'es' },
})
const ES_FLOW = 'startEs > inEs > endEs'
const border = (trigger: ElementDraft['trigger'], interrupting = true): Record<string, ElementDraft> => ({
  border: { kind: 'boundaryEvent', attachedTo: 'sub', interrupting, ...(trigger === undefined ? {} : { trigger }) }, outside: {}, endOutside: {},
})
const BORDER_FLOW = 'border > outside > endOutside'
const error = (name?: string) => ({ kind: 'error', ...(name === undefined ? {} : { name }) }) as const
const escalation = (name?: string) => ({ kind: 'escalation', ...(name === undefined ? {} : { name }) }) as const
const upToA = (process: ReturnType<typeof throwing>) => new Scenario(process).event('start', 'PT0S').event('a', 'PT1M')

describe('an error', () => {
  it('is caught by the event sub-process before the boundary event, and that ends the rest of its scope', () => {
    const given = upToA(throwing({ trigger: error('x') }, { ...eventSub(error(), true, 'sub'), ...border(error('x')) }, [ES_FLOW, BORDER_FLOW]))
    expect(given.tokens()).toEqual(['es', 'inEs', 'sub'])
    given.event('b', 'PT2M')
    expect(given.deviations()).toEqual(['afterCancel b'])
    given.event('inEs', 'PT3M')
    expect(given.tokens()).toEqual(['last'])
  })

  it('is caught by the one that names it before the one that catches everything', () => {
    const elements = { ...border(error()), named: { kind: 'boundaryEvent', attachedTo: 'sub', interrupting: true, trigger: error('x') } as const, named1: {}, endNamed: {} }
    expect(upToA(throwing({ trigger: error('x') }, elements, [BORDER_FLOW, 'named > named1 > endNamed'])).tokens()).toEqual(['named1'])
    expect(upToA(throwing({ trigger: error('y') }, elements, [BORDER_FLOW, 'named > named1 > endNamed'])).tokens()).toEqual(['outside'])
  })

  it('goes further out where its scope has been interrupted already: by the event sub-process that throws it', () => {
    const process = throwing({ trigger: error('x') }, { ...eventSub(error(), true, 'sub'), endEs: { kind: 'endEvent', parent: 'es', trigger: error('x') }, ...border(error('x')) }, [ES_FLOW, BORDER_FLOW])
    const given = upToA(process).event('inEs', 'PT2M')
    expect(given.tokens()).toEqual(['outside'])
    expect(given.event('outside', 'PT3M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('is caught by an event sub-process of the process', () => {
    const given = upToA(throwing({ trigger: error('x') }, eventSub(error(), true), [ES_FLOW]))
    expect(given.tokens()).toEqual(['es', 'inEs'])
    expect(given.event('inEs', 'PT2M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('that nothing catches ends the process', () => {
    const given = upToA(throwing({ trigger: error('x') }, { ...border(error('y')), ...eventSub(error('z'), true) }, [BORDER_FLOW, ES_FLOW]))
    expect(given.instance().view).toMatchObject({ status: 'terminated', tokens: [] })
  })

  it('is seen where the event of what catches it comes', () => {
    const process = throwing({ trigger: error('x') }, { ...border(error('x')), border: { kind: 'boundaryEvent', attachedTo: 'sub', interrupting: true, trigger: error('x'), bindings: [{ event: 'failed', phase: 'occur', from: 'mapping' }] } }, [BORDER_FLOW])
    const given = upToA(process)
    expect(given.tokens()).toEqual(['b', 'sub', 'thrown'])
    expect(given.event('failed', 'PT2M').tokens()).toEqual(['outside'])
    expect(given.deviations()).toEqual([])
  })
})

describe('an escalation', () => {
  it('at a boundary event that does not interrupt starts a token beside', () => {
    const given = upToA(throwing({ trigger: escalation('e') }, border(escalation('e'), false), [BORDER_FLOW]))
    expect(given.tokens()).toEqual(['b', 'outside', 'sub'])
    given.event('b', 'PT2M').event('outside', 'PT3M').event('last', 'PT4M')
    expect(given.instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('at a boundary event that interrupts ends the sub-process', () => {
    const given = upToA(throwing({ trigger: escalation('e') }, border(escalation(), true), [BORDER_FLOW]))
    expect(given.tokens()).toEqual(['outside'])
    expect(given.event('b', 'PT2M').deviations()).toEqual(['afterCancel b'])
  })

  it('that nothing catches is an end like any other', () => {
    expect(upToA(throwing({ trigger: escalation('e') }, border(escalation('f'), true), [BORDER_FLOW])).tokens()).toEqual(['b', 'sub'])
  })

  it('thrown on the way lets the token go on, unless it interrupts', () => {
    const thrower = (interrupting: boolean) => throwing({}, {
      ...eventSub(escalation(), interrupting, 'sub'), thrown: { kind: 'intermediateThrowEvent', parent: 'sub', trigger: escalation('e') }, after: { parent: 'sub' }, endAfter: { parent: 'sub' },
    }, [ES_FLOW, 'thrown > after > endAfter'])
    const beside = upToA(thrower(false))
    expect(beside.tokens()).toEqual(['after', 'b', 'es', 'inEs', 'sub'])
    beside.event('inEs', 'PT2M').event('after', 'PT3M').event('b', 'PT4M')
    expect(beside.tokens()).toEqual(['last'])
    expect(beside.deviations()).toEqual([])
    expect(upToA(thrower(true)).tokens()).toEqual(['es', 'inEs', 'sub'])
  })
})

describe('a transaction', () => {
  const process = (extra: Readonly<Record<string, ElementDraft>> = {}, flows: readonly string[] = []) => processOf({
    elements: {
      start: message, tx: { kind: 'transaction', bindings: [] }, startIn: { parent: 'tx' }, book: { parent: 'tx' }, pay: { parent: 'tx' }, xorIn: { kind: 'exclusiveGateway', parent: 'tx' },
      confirm: { parent: 'tx' }, refuse: { parent: 'tx' }, endIn: { parent: 'tx' }, cancel: { kind: 'endEvent', parent: 'tx', trigger: { kind: 'cancel' } },
      undoBook: { kind: 'boundaryEvent', attachedTo: 'book', parent: 'tx', trigger: { kind: 'compensation' }, handler: 'unbook' }, unbook: { parent: 'tx', isForCompensation: true },
      undoPay: { kind: 'boundaryEvent', attachedTo: 'pay', parent: 'tx', trigger: { kind: 'compensation' }, handler: 'refund' }, refund: { parent: 'tx', isForCompensation: true },
      cancelled: { kind: 'boundaryEvent', attachedTo: 'tx', interrupting: true, trigger: { kind: 'cancel' } }, tell: {}, endTold: {}, done: {}, end: {}, ...extra,
    },
    flows: ['start > tx > done > end', 'startIn > book > pay > xorIn', 'xorIn > confirm > endIn', 'xorIn > refuse > cancel', 'cancelled > tell > endTold', ...flows],
  })
  const refused = (extra: Readonly<Record<string, ElementDraft>> = {}) => new Scenario(process(extra)).event('start', 'PT0S').event('book', 'PT1M').event('pay', 'PT2M').event('refuse', 'PT3M')

  it('that is not cancelled is a sub-process', () => {
    const given = new Scenario(process()).event('start', 'PT0S').event('book', 'PT1M').event('pay', 'PT2M').event('confirm', 'PT3M').event('done', 'PT4M')
    expect(given.instance().view).toMatchObject({ status: 'completed', deviations: [], tokens: [] })
  })

  it('that is cancelled undoes what was done, and only then goes on at its border', () => {
    const given = refused()
    expect(given.tokens()).toEqual(['refund', 'tx', 'unbook'])
    given.event('refund', 'PT4M')
    expect(given.tokens()).toEqual(['tx', 'unbook'])
    given.event('unbook', 'PT5M')
    expect(given.tokens()).toEqual(['tell'])
    expect(given.event('tell', 'PT6M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('shows that its undoing was skipped', () => {
    const given = refused().event('tell', 'PT5M')
    expect(given.deviations()).toEqual(['skipped unbook refund'])
    expect(given.instance().view.status).toBe('completed')
  })

  it('undoes nothing that was not done', () => {
    const given = new Scenario(processOf({
      elements: Object.fromEntries(process().elements.map(({ id, incoming: _in, outgoing: _out, ...element }) => [id, element])),
      flows: ['start > tx > done > end', 'startIn > book > xorIn', 'xorIn > pay > confirm > endIn', 'xorIn > refuse > cancel', 'cancelled > tell > endTold'],
    })).event('start', 'PT0S').event('book', 'PT1M').event('refuse', 'PT2M')
    expect(given.tokens()).toEqual(['tx', 'unbook'])
    given.event('refund', 'PT3M')
    expect(given.deviations()).toEqual(['unexpected refund'])
    expect(given.event('unbook', 'PT4M').event('tell', 'PT5M').instance().view.status).toBe('completed')
  })

  it('is left when an event of its border says that it was cancelled', () => {
    const seen = { cancelled: { kind: 'boundaryEvent', attachedTo: 'tx', interrupting: true, trigger: { kind: 'cancel' }, bindings: [{ event: 'gone', phase: 'occur', from: 'mapping' }] } } as const
    const given = refused(seen).event('refund', 'PT4M').event('unbook', 'PT5M')
    expect(given.tokens()).toEqual(['tx'])
    expect(given.event('gone', 'PT6M').tokens()).toEqual(['tell'])
    expect(given.deviations()).toEqual([])
  })
})
