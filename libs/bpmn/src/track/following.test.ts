import { describe, expect, it } from 'vitest'
import { processOf, Scenario } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const

const sequence = processOf({ elements: { start: message, a: {}, b: {}, c: {}, end: {} }, flows: ['start > a > b > c > end'] })

describe('a sequence', () => {
  it('follows events that fit and completes at the end', () => {
    const given = new Scenario(sequence).event('start', 'PT0S').event('a', 'PT1M').event('b', 'PT2M')
    expect(given.tokens()).toEqual(['c'])
    expect(given.instance().view.status).toBe('active')
    given.event('c', 'PT3M')
    expect(given.instance().view.status).toBe('completed')
    expect(given.deviations()).toEqual([])
  })

  it('says which step was skipped, and that it came late when it comes', () => {
    const given = new Scenario(sequence).event('start', 'PT0S').event('b', 'PT2M')
    expect(given.deviations()).toEqual(['skipped a'])
    expect(given.tokens()).toEqual(['c'])
    given.event('a', 'PT5M')
    expect(given.deviations()).toEqual(['outOfOrder a'])
    expect(given.tokens()).toEqual(['c'])
  })

  it('takes a swap within the tolerance for clock skew', () => {
    const given = new Scenario(sequence).event('start', 'PT0S').event('b', 'PT2M').event('a', 'PT2M1S').event('c', 'PT3M')
    expect(given.deviations()).toEqual([])
    expect(given.instance().view.status).toBe('completed')
  })

  it('sees no clock skew between two events that one source has numbered', () => {
    const given = new Scenario(sequence).event('start', 'PT0S').event('b', 'PT2M', { sequence: '1' }).event('a', 'PT2M1S', { sequence: '2' })
    expect(given.deviations()).toEqual(['outOfOrder a'])
  })

  it('puts a late arrival where its time says', () => {
    const given = new Scenario(sequence).event('start', 'PT0S').event('b', 'PT2M').event('a', 'PT1M', { arrives: 'PT4M' })
    expect(given.deviations()).toEqual([])
    expect(given.tokens()).toEqual(['c'])
  })

  it('tells repeated from unexpected, and what comes after the end', () => {
    expect(new Scenario(sequence).event('start', 'PT0S').event('a', 'PT1M').event('a', 'PT2M').deviations()).toEqual(['repeated a'])
    const ended = new Scenario(sequence).event('start', 'PT0S').event('a', 'PT1M').event('b', 'PT2M').event('c', 'PT3M').event('b', 'PT4M')
    expect(ended.deviations()).toEqual(['repeated b'])
  })

  it('notes an event that no element is bound to; where the process names it, it is unexpected wherever it comes', () => {
    const follow = (process: typeof sequence) => new Scenario(process).event('start', 'PT0S').event('appeal', 'PT1M').event('a', 'PT2M')
    expect(follow(sequence).deviations()).toEqual([])
    const named = follow({ ...sequence, unexpected: [{ event: 'appeal' }] })
    expect(named.deviations()).toEqual(['unexpected appeal'])
    expect(named.tokens()).toEqual(['b'])
    expect(named.instance().view.events.map(({ reading }) => reading)).toEqual(['fits', 'deviates', 'fits'])
  })

  it('does not begin with an event that has no place in it, and counts it once there is an instance', () => {
    const given = new Scenario({ ...sequence, unexpected: [{ event: 'appeal' }] }).event('appeal', 'PT1M')
    expect(given.shown()).toEqual([])
    expect(given.event('start', 'PT2M').deviations()).toEqual(['unexpected appeal'])
  })

  it('begins without its start event, and says so', () => {
    const given = new Scenario(sequence).event('a', 'PT1M')
    expect(given.deviations()).toEqual(['missingStart start'])
    expect(given.tokens()).toEqual(['b'])
  })

  it('opens the next run at a start after the end', () => {
    const given = new Scenario(sequence)
    for (const round of [0, 10]) {
      given.event('start', `PT${round}M`).event('a', `PT${round + 1}M`).event('b', `PT${round + 2}M`).event('c', `PT${round + 3}M`)
    }
    expect(given.shown().map((instance) => instance.view.status)).toEqual(['completed', 'completed'])
    expect(given.shown().flatMap((instance) => instance.view.deviations)).toEqual([])
  })
})

describe('gateways', () => {
  const choice = processOf({
    elements: { start: message, xor1: {}, a: {}, b: {}, xor2: {}, c: {}, end: {} },
    flows: ['start > xor1', 'xor1 > a > xor2', 'xor1 > b > xor2', 'xor2 > c > end'],
  })

  it('leaves a choice open until an event decides it', () => {
    const given = new Scenario(choice).event('start', 'PT0S')
    expect(given.tokens()).toEqual(['xor1'])
    given.event('b', 'PT1M')
    expect(given.tokens()).toEqual(['c'])
    expect(given.deviations()).toEqual([])
  })

  it('waits for all branches of a parallel join', () => {
    const parallel = processOf({
      elements: { start: message, and1: {}, a: {}, b: {}, and2: {}, c: {}, end: {} },
      flows: ['start > and1', 'and1 > a > and2', 'and1 > b > and2', 'and2 > c > end'],
    })
    const given = new Scenario(parallel).event('start', 'PT0S').event('b', 'PT1M')
    expect(given.tokens()).toEqual(['a', 'and2'])
    given.event('a', 'PT2M')
    expect(given.tokens()).toEqual(['c'])
    const forced = new Scenario(parallel).event('start', 'PT0S').event('b', 'PT1M').event('c', 'PT2M')
    expect(forced.deviations()).toEqual(['skipped a'])
    expect(forced.instance().view.status).toBe('completed')
  })

  it('decides a choice on data as soon as all its conditions are known', () => {
    const eager = processOf({
      elements: { start: message, xor1: { defaultFlow: 'xor1>b' }, a: {}, b: {}, end: {} },
      flows: ['start > xor1', 'xor1 > a if amount > 100', 'xor1 > b', 'a > end', 'b > end'],
    })
    expect(new Scenario(eager).event('start', 'PT0S').tokens()).toEqual(['xor1'])
    expect(new Scenario(eager).event('start', 'PT0S', { patch: { amount: 200 } }).tokens()).toEqual(['a'])
    expect(new Scenario(eager).event('start', 'PT0S', { patch: { amount: 20 } }).tokens()).toEqual(['b'])
    const against = new Scenario(eager).event('start', 'PT0S', { patch: { amount: 20 } }).event('a', 'PT1M')
    expect(against.deviations()).toEqual(['decisionMismatch xor1'])
    expect(against.instance().view.status).toBe('completed')
  })

  it('lets the first event win a race, and names the loser', () => {
    const race = processOf({
      elements: { start: message, race1: {}, yes: { kind: 'intermediateCatchEvent', ...message }, no: { kind: 'intermediateCatchEvent', ...message }, c: {}, end: {} },
      flows: ['start > race1', 'race1 > yes > c', 'race1 > no > end', 'c > end'],
    })
    const given = new Scenario(race).event('start', 'PT0S')
    expect(given.tokens()).toEqual(['race1'])
    given.event('yes', 'PT1M')
    expect(given.tokens()).toEqual(['c'])
    given.event('no', 'PT2M')
    expect(given.deviations()).toEqual(['raceLost no'])
  })

  it('finishes eight parallel branches with optional tasks, in any order, without a false deviation', () => {
    const branches = [1, 2, 3, 4, 5, 6, 7, 8]
    const elements: Record<string, object> = { start: message, and1: {}, and2: {}, last: {}, end: {} }
    const flows = ['start > and1', 'and2 > last > end']
    for (const n of branches) {
      Object.assign(elements, { [`t${n}`]: {}, [`xorA${n}`]: {}, [`xorB${n}`]: {} })
      flows.push(`and1 > xorA${n} > t${n} > xorB${n} > and2`, `xorA${n} > xorB${n}`)
    }
    const process = processOf({ elements, flows })
    const begun = performance.now()
    const given = new Scenario(process).event('start', 'PT0S').event('t7', 'PT1M').event('t2', 'PT2M').event('t5', 'PT3M').event('last', 'PT4M')
    expect(given.deviations()).toEqual([])
    expect(given.instance().view.status).toBe('completed')
    expect(performance.now() - begun).toBeLessThan(1000)
  })
})

describe('the delay of an order', () => {
  const order = (mode: 'observe' | 'suggest' | 'manage') => processOf({
    mode,
    elements: {
      start: message,
      fulfil: { kind: 'subProcess' }, startIn: { kind: 'startEvent', parent: 'fulfil' }, pay: { parent: 'fulfil' }, ship: { parent: 'fulfil' }, endIn: { kind: 'endEvent', parent: 'fulfil' },
      delayed: { kind: 'boundaryEvent', attachedTo: 'fulfil', interrupting: false, trigger: { kind: 'timer', timer: { kind: 'duration', text: 'P14D', mode: 'self' } } },
      tell: { command: { type: 'tell' } }, endTold: {},
      tooLate: { kind: 'boundaryEvent', attachedTo: 'fulfil', interrupting: true, trigger: { kind: 'timer', timer: { kind: 'duration', text: 'P21D', mode: 'self' } } },
      cancel: { command: { type: 'cancel' } }, cancelled: { kind: 'receiveTask' }, endCancelled: {}, endDone: {},
    },
    flows: ['start > fulfil > endDone', 'startIn > pay > ship > endIn', 'delayed > tell > endTold', 'tooLate > cancel > cancelled > endCancelled'],
  })

  it('completes when everything comes in time', () => {
    const given = new Scenario(order('manage')).event('start', 'PT0S').event('pay', 'P1D').event('ship', 'P2D')
    expect(given.instance().view.status).toBe('completed')
    expect(given.instance('P30D').commands).toEqual([])
  })

  it('tells the customer after 14 days and keeps waiting', () => {
    const given = new Scenario(order('manage')).event('start', 'PT0S').event('pay', 'P1D')
    expect(given.tokens('P14D')).toEqual(['fulfil', 'ship'])
    expect(given.instance('P14D').commands).toEqual([])
    const after = given.instance('P14DT31S')
    expect(after.commands.map((command) => `${command.element} ${command.status}`)).toEqual(['tell scheduled'])
    expect(given.tokens('P14DT31S')).toEqual(['fulfil', 'ship'])
  })

  it('cancels after 21 days, and the process ends where the service says that it obeyed', () => {
    const given = new Scenario(order('manage')).event('start', 'PT0S').event('pay', 'P1D')
    const due = given.instance('P21DT31S')
    expect(due.commands.map((command) => `${command.element} ${command.status}`)).toEqual(['tell scheduled', 'cancel scheduled'])
    expect(given.tokens('P21DT31S')).toEqual(['cancelled'])
    const [tell, cancel] = due.commands
    given.entry({ kind: 'left', type: 'commandLeft', command: tell?.id ?? '', element: 'tell' }, 'P14DT32S')
    given.entry({ kind: 'left', type: 'commandLeft', command: cancel?.id ?? '', element: 'cancel' }, 'P21DT32S')
    given.entry({ kind: 'settled', type: 'commandSettled', command: cancel?.id ?? '', outcome: 'delivered' }, 'P21DT33S')
    given.event('cancelled', 'P21DT1M')
    expect(given.instance().commands.map((command) => `${command.element} ${command.status}`)).toEqual(['tell sending', 'cancel delivered'])
    expect(given.instance().view.status).toBe('completed')
    expect(given.deviations()).toEqual([])
  })

  it('lets the token go on where a command has left, also when a late event then shows a deviation', () => {
    const long = order('manage')
    const process = processOf({
      mode: 'manage', elements: { ...Object.fromEntries(long.elements.map(({ id, incoming: _in, outgoing: _out, ...element }) => [id, element])), pack: { parent: 'fulfil' } },
      flows: ['start > fulfil > endDone', 'startIn > pay > ship > pack > endIn', 'delayed > tell > endTold', 'tooLate > cancel > cancelled > endCancelled'],
    })
    const given = new Scenario(process).event('start', 'PT0S')
    const [tell] = given.instance('P14DT31S').commands
    expect(tell?.status).toBe('scheduled')
    given.entry({ kind: 'left', type: 'commandLeft', command: tell?.id ?? '', element: 'tell' }, 'P14DT32S')
    given.event('ship', 'P1D', { arrives: 'P15D' })
    expect(given.deviations()).toEqual(['skipped pay'])
    expect(given.tokens()).toEqual(['fulfil', 'pack'])
    expect(given.instance().commands.map((command) => `${command.id === tell?.id} ${command.status}`)).toEqual(['true sending'])
    given.event('pack', 'P16D')
    expect(given.instance().view.status).toBe('completed')
  })

  it('sends a dead command again when a person asks for it, under the same key', () => {
    const given = new Scenario(order('manage')).event('start', 'PT0S').event('pay', 'P1D')
    const tell = given.instance('P14DT31S').commands[0]?.id ?? ''
    given.entry({ kind: 'left', type: 'commandLeft', command: tell, element: 'tell' }, 'P14DT32S')
    given.entry({ kind: 'settled', type: 'commandSettled', command: tell, outcome: 'dead' }, 'P14DT33S')
    expect(given.instance().commands.map((command) => `${command.id === tell} ${command.status}`)).toEqual(['true dead'])
    given.entry({ kind: 'operation', type: 'retryCommand', command: tell, outcome: 'retried', by: 'ada' }, 'P15D')
    expect(given.instance().commands.map((command) => `${command.id === tell} ${command.status}`)).toEqual(['true sending'])
  })

  it('withdraws a command that has not left when a late event shows that all was well', () => {
    const given = new Scenario(order('manage')).event('start', 'PT0S').event('pay', 'P1D')
    expect(given.instance('P21DT31S').commands).toHaveLength(2)
    given.event('ship', 'P13D', { arrives: 'P21DT1M' })
    expect(given.instance().commands).toEqual([])
    expect(given.instance().view.status).toBe('completed')
  })

  it('keeps reality when an event comes after the timer fired', () => {
    const given = new Scenario(order('manage')).event('start', 'PT0S').event('pay', 'P1D').event('ship', 'P22D')
    expect(given.deviations()).toEqual(['timerOverruled tooLate'])
    expect(given.instance().view.status).toBe('completed')
  })

  it('only notes in observe mode, and an interrupting timer moves nothing there', () => {
    const given = new Scenario(order('observe')).event('start', 'PT0S').event('pay', 'P1D')
    const view = given.instance('P22D')
    expect(view.commands.map((command) => `${command.element} ${command.status}`)).toEqual(['tell noted', 'cancel noted'])
    expect(given.tokens('P22D')).toEqual(['fulfil', 'ship'])
  })

  it('waits for a person in suggest mode', () => {
    const given = new Scenario(order('suggest')).event('start', 'PT0S').event('pay', 'P1D')
    const proposed = given.instance('P22D')
    expect(proposed.commands.map((command) => `${command.element} ${command.status}`)).toEqual(['tell proposed', 'cancel proposed'])
    expect(given.tokens('P22D')).toEqual(['cancel', 'tell'])
    given.entry({ kind: 'operation', type: 'approveCommand', command: proposed.commands[1]?.id ?? '', outcome: 'approved', by: 'ada' }, 'P22DT1M')
    expect(given.instance().commands.map((command) => `${command.element} ${command.status}`)).toEqual(['tell proposed', 'cancel scheduled'])
    expect(given.tokens()).toEqual(['cancelled', 'tell'])
  })
})

describe('waiting', () => {
  const patient = processOf({ elements: { start: message, a: { stuckAfter: 'PT1H' }, b: { sla: { duration: 'PT2H', severity: 'warning' } }, end: {} }, flows: ['start > a > b > end'] })

  it('is stuck after its time and the grace, and says when it next changes', () => {
    const given = new Scenario(patient).event('start', 'PT0S')
    expect(given.instance('PT1H').view).toMatchObject({ stuck: false, settling: true })
    expect(given.instance('PT1H30S').view).toMatchObject({ stuck: true })
    expect(given.instance('PT10M').view.nextAt).toBe(Date.UTC(2026, 0, 1, 1))
    expect(given.instance('PT1H').view.nextAt).toBe(Date.UTC(2026, 0, 1, 1, 0, 30))
    given.event('a', 'PT3H')
    expect(given.instance().view.stuck).toBe(false)
    expect(given.instance('PT5H1M').view.late).toBe(true)
  })

  it('is stuck at once at a join that nothing can complete', () => {
    const deadlock = processOf({
      elements: { start: message, xor1: {}, a: {}, b: {}, and1: {}, end: {} }, flows: ['start > xor1', 'xor1 > a > and1', 'xor1 > b > and1', 'and1 > end'],
    })
    expect(new Scenario(deadlock).event('start', 'PT0S').event('a', 'PT1M').instance().view).toMatchObject({ stuck: true, status: 'active' })
  })
})
