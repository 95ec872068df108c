import { supportedElements, supportedModifiers, supportedTriggers } from './supported.js'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../model.js'
import { processOf, type ElementDraft } from '../testing/scenario.js'
import { check } from './check.js'
import { findingCodes } from './finding-codes.js'
import { readProcesses } from './read-processes.js'

const file = (body: string, attributes = ''): string => `<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:tm="urn:tidemark:bpmn:1">
  <bpmn:process id="P" name="Order" ${attributes}>${body}</bpmn:process></bpmn:definitions>`
const flow = (source: string, target: string, condition = ''): string => (
  `<bpmn:sequenceFlow id="${source}_${target}" sourceRef="${source}" targetRef="${target}">${condition}</bpmn:sequenceFlow>`
)
const when = (text: string): string => `<bpmn:conditionExpression>${text}</bpmn:conditionExpression>`
const chain = (...ids: string[]): string => ids.slice(1).map((id, index) => flow(ids[index] as string, id)).join('')
const task = (id: string, extra = '', extensions = ''): string => (
  `<bpmn:task id="${id}" name="${id}" ${extra}>${extensions && `<bpmn:extensionElements>${extensions}</bpmn:extensionElements>`}</bpmn:task>`
)
const timer = (id: string, text: string, kind = 'timeDuration'): string => (
  `<bpmn:intermediateCatchEvent id="${id}"><bpmn:timerEventDefinition id="${id}d"><bpmn:${kind}>${text}</bpmn:${kind}>
    </bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>`
)
const XOR = 'exclusiveGateway'
const gateway = (id: string, kind: string, extra = ''): string => `<bpmn:${kind} id="${id}" ${extra}/>`

const found = async (body: string, attributes?: string): Promise<readonly Finding[]> => (await readProcesses(file(body,
  attributes))).findings
const codes = async (body: string, attributes?: string): Promise<string[]> => (await found(body, attributes)).map(({ code }) => code)
const SOUND = `<bpmn:startEvent id="s"/>${task('a')}<bpmn:endEvent id="e"/>${chain('s', 'a', 'e')}`

test('a sound process has no findings', async () => {
  expect(await found(SOUND)).toEqual([])
})

test.each([
  ['<bpmn:startEvent id="x"><bpmn:errorEventDefinition id="d"/></bpmn:startEvent>', 'put it into an event sub-process'],
  ['<bpmn:subProcess id="x" triggeredByEvent="true"/>', 'no event starts'],
  ['<bpmn:subProcess id="es" triggeredByEvent="true"><bpmn:startEvent id="x"/></bpmn:subProcess>', 'waits for nothing'],
  ['<bpmn:subProcess id="es" triggeredByEvent="true"><bpmn:startEvent id="x"><bpmn:compensateEventDefinition id="d"/></bpmn:startEvent></bpmn:subProcess>', 'the process as a whole'],
  ['<bpmn:endEvent id="x"><bpmn:cancelEventDefinition id="d"/></bpmn:endEvent>', 'cancels no transaction'],
  ['<bpmn:boundaryEvent id="x" attachedToRef="a"><bpmn:cancelEventDefinition id="d"/></bpmn:boundaryEvent>', 'is no transaction'],
  ['<bpmn:boundaryEvent id="x" attachedToRef="a"><bpmn:compensateEventDefinition id="d"/></bpmn:boundaryEvent>', 'draw an association'],
])('an event where nothing can come of it is told: %s', async (extra, words) => {
  const finding = (await found(SOUND + extra)).find(({ code }) => code === 'misplacedEvent')
  expect(finding).toMatchObject({ severity: 'warning', elementId: 'x' })
  expect(finding?.message).toContain(words)
})

test('whatever is refused says what to draw in its place', () => {
  const all = [...Object.values(supportedElements), ...Object.values(supportedModifiers), ...Object.values(supportedTriggers).flatMap((triggers) => Object.values(triggers))]
  expect(all.filter((support) => support !== true && !/: draw /.test(support))).toEqual([])
})

describe('what cannot be followed is named', () => {
  test.each([
    ['<bpmn:boundaryEvent id="x" attachedToRef="a"/>', 'draw it with a message'],
  ])('%s', async (extra, words) => {
    const finding = (await found(SOUND + extra)).find(({ code }) => code === 'unsupportedElement')
    expect(finding).toMatchObject({ severity: 'error', elementId: 'x' })
    expect(finding?.message).toContain(words.replace('"" ', ''))
  })

  test('a call activity is told, but followed', async () => {
    const findings = await found(`<bpmn:callActivity id="x" name="Bill" calledElement="billing"/>`)
    expect(findings).toMatchObject([{ code: 'opaqueCall', severity: 'info',
      message: '"Bill" (x) calls the process billing: while that is not deployed too, it is followed as one task.' }])
  })
})

describe('faults of the drawing', () => {
  test('elements that no token reaches', async () => {
    expect((await found(`${SOUND}${task('lost')}`)).filter(({ code }) => code === 'unreachable')).toMatchObject([{ elementId: 'lost' }])
    expect(await codes(task('a') + task('b'))).not.toContain('unreachable')
  })

  test('a process without an end', async () => {
    expect(await codes(`<bpmn:startEvent id="s"/>${task('a')}${task('b')}${chain('s', 'a', 'b', 'a')}`)).toContain('noEnd')
  })

  test('a path that ends at a task', async () => {
    expect((await found(`${SOUND}${task('b')}${flow('a', 'b')}`)).filter(({ code }) => code === 'deadEnd')).toMatchObject([{ elementId: 'b' }])
  })

  test('a parallel join of branches of one choice', async () => {
    const branches = (split: string): string => `${gateway('x', split)}${task('a')}${task('b')}${gateway('j', 'parallelGateway')}
      ${chain('x', 'a', 'j')}${chain('x', 'b', 'j')}`
    expect(await codes(branches(XOR))).toContain('joinFedByChoice')
    expect(await codes(branches('parallelGateway'))).not.toContain('joinFedByChoice')
  })

  test('a flow that crosses the border of a sub-process', async () => {
    expect(await codes(`${task('a')}<bpmn:subProcess id="sub">${task('b')}</bpmn:subProcess>${flow('a', 'b')}`)).toContain('flowCrossesScope')
  })
})

describe('bindings', () => {
  test('a process of which nothing can be observed', async () => {
    expect(await codes('<bpmn:startEvent id="s"/><bpmn:task id="Task_1"/>')).toContain('nothingObserved')
  })

  test('the same event on parallel branches, but not on branches of a choice', async () => {
    const twice = (split: string): string => `${gateway('g', split)}<bpmn:task id="Task_1" name="pay"/><bpmn:task id="Task_2" name="pay"/>
      ${flow('g', 'Task_1')}${flow('g', 'Task_2')}`
    expect(await codes(twice('parallelGateway'))).toContain('ambiguousBinding')
    expect(await codes(twice(XOR))).not.toContain('ambiguousBinding')
  })

  test('one event for start and end of a task', async () => {
    expect(await codes(task('a', '', '<tm:observe event="x" phase="start"/><tm:observe event="x"/>'))).toContain('ambiguousBinding')
    expect(await codes(task('a', '',
      '<tm:observe event="x" phase="start" filter="data.on"/><tm:observe event="x"/>'))).not.toContain('ambiguousBinding')
  })

  test('a command without a type, a binding without an event, a filter that cannot be read', async () => {
    expect(await codes(task('a', 'tm:managed="true"'))).toContain('commandWithoutType')
    expect(await codes(task('a', '', '<tm:observe phase="end"/>'))).toContain('badBinding')
    expect(await codes(task('a', '', '<tm:observe event="x" filter="matches(data.a, &quot;(a+)+&quot;)"/>'))).toContain('badExpression')
    expect(await codes(task('a', '', '<tm:observe event="x" phase="begin"/>'))).toContain('badSetting')
  })
})

describe('times and settings', () => {
  test.each([
    ['badDuration', timer('t', 'two days')], ['badDuration', timer('t', '0 0 9 * * ?', 'timeCycle')], ['badDuration', timer('t',
      '${days}')],
    ['badDuration', timer('t', '2026-02-30', 'timeDate')], ['silentCycle', timer('t', 'R/PT0S', 'timeCycle')],
    ['badExpression', timer('t', '= 1 +')], ['timerWithoutTime',
      '<bpmn:intermediateCatchEvent id="t"><bpmn:timerEventDefinition id="d"/></bpmn:intermediateCatchEvent>'],
    ['badDuration', task('a', 'tm:stuckAfter="long"')], ['badDuration', task('a', '', '<tm:sla duration="long"/>')],
  ])('%s: %s', async (code, body) => {
    expect(await codes(body)).toContain(code)
  })

  test('good ones have no finding', async () => {
    for (const body of [timer('t', 'P14D'), timer('t', 'R3/PT1H', 'timeCycle'), timer('t', '2026-03-01', 'timeDate'), timer('t',
      '= wait')]) {
      expect((await codes(body)).filter((code) => code !== 'nothingObserved')).toEqual([])
    }
  })

  test.each([
    ['tm:zone="Europe/Atlantis"', 'badSetting'], ['tm:mode="obey"', 'badSetting'], ['tm:grace="soon"', 'badDuration'],
      ['tm:tolerance="-PT1S"', 'badDuration'],
  ])('of the process: %s is %s', async (attribute, code) => {
    expect(await codes(SOUND, attribute)).toContain(code)
  })
})

describe('a choice before something that Tidemark does itself', () => {
  const choice = (first: string, second: string, target: string, extra = ''): string => `${gateway('x', XOR, extra)}${target}${task('b')}
    ${flow('x', 't', first)}${flow('x', 'b', second)}`
  const sent = task('t', '', '<tm:command type="order.cancel"/>')

  test.each([
    ['a command', sent],
    ['a timer', timer('t', 'P1D')],
    ['a timer', `${task('t')}<bpmn:boundaryEvent id="bt" attachedToRef="t"><bpmn:timerEventDefinition id="d">
      <bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>`],
    ['an SLA', task('t', '', '<tm:sla duration="P1D"/>')],
  ])('must be decidable: %s', async (what, target) => {
    const findings = (await found(choice(when('${x}'), '', target), 'tm:mode="suggest"')).filter(({ code }) => code === 'mustBeEager')
    expect(findings).toMatchObject([{ elementId: 'x', severity: 'error' }])
    expect(findings[0]?.message).toContain(what)
    expect(await codes(choice(when('=x'), '', target, 'default="x_b"'), 'tm:mode="suggest"')).not.toContain('mustBeEager')
    // A model that only observes sends nothing: there it is a command alone that must not be lost.
    const observed = (await found(choice(when('${x}'), '', target))).filter(({ code }) => code === 'mustBeEager' || code === 'waitsForEvidence')
    expect(observed.map(({ code, severity }) => `${severity} ${code}`)).toEqual([what === 'a command' ? 'error mustBeEager' : 'warning waitsForEvidence'])
  })

  test('also behind what is passed silently, but not behind what is observed', async () => {
    const behind = (between: string): string => `${gateway('x', XOR)}${between}${sent}${task('b')}${chain('x', 'm', 't')}${flow('x', 'b')}`
    expect(await codes(behind('<bpmn:task id="m"/>').replaceAll('"m"', '"Task_9"').replaceAll('x_m', 'x_9').replaceAll('m_t',
      'n_t'))).toContain('mustBeEager')
    expect(await codes(behind(task('m')))).not.toContain('mustBeEager')
  })

  test('a timer that another system watches does not count', async () => {
    const watched = timer('t', 'P1D').replace('<bpmn:timerEventDefinition',
      '<bpmn:extensionElements><tm:timer mode="watch"/></bpmn:extensionElements><bpmn:timerEventDefinition')
    expect(await codes(choice(when('${x}'), '', watched))).not.toContain('mustBeEager')
  })
})

test('every finding has the severity of its code', async () => {
  for (const finding of await found(`${SOUND}${task('lost')}${timer('t', 'x')}`)) {
    expect(findingCodes[finding.code as keyof typeof findingCodes].severity).toBe(finding.severity)
  }
})

describe('a timer behind a task that nobody sees', () => {
  const timer = { kind: 'intermediateCatchEvent', trigger: { kind: 'timer', timer: { kind: 'duration', text: 'PT1H', mode: 'self' } } } as const
  const told = (elements: Record<string, ElementDraft>, ...flows: string[]) => check(processOf({ elements: { start: {}, a: {}, end: {}, ...elements }, flows }))
    .filter(({ code }) => code === 'timerBehindUnseen').map(({ elementId, message }) => [elementId, message])
  const inside = { sub: { kind: 'subProcess' }, start1: { parent: 'sub' }, inner: { parent: 'sub', bindings: [] } } as const
  const unseen = { bindings: [] } as const

  test('is told, with the task', () => {
    expect(told({ b: unseen, t: timer }, 'start > a > b > t > end')).toEqual([['t', expect.stringContaining('bind one to "b" (b)')]])
    expect(told({ ...inside, xor1: {}, t: timer }, 'start > a > sub > xor1', 'xor1 > t > end', 'start1 > inner')).toEqual([['t', expect.stringContaining('before "inner" (inner) is done')]])
    expect(told({ b: unseen, race1: {}, t: timer, c: {} }, 'start > a > b > race1', 'race1 > t > end', 'race1 > c > end')).toHaveLength(1)
    expect(told({ b: unseen, c: {}, t: { ...timer, kind: 'boundaryEvent', attachedTo: 'c' } }, 'start > a > b > c > end', 't > end')).toHaveLength(1)
  })

  test('is none where what comes before it is seen, or where it is the timer of such a task', () => {
    expect(told({ b: unseen, t: timer }, 'start > b > a > t > end')).toEqual([])
    expect(told({ ...inside, inner: { parent: 'sub' }, t: timer }, 'start > a > sub > t > end', 'start1 > inner')).toEqual([])
    expect(told({ b: unseen, t: { ...timer, kind: 'boundaryEvent', attachedTo: 'b' } }, 'start > a > b > end', 't > end')).toEqual([])
  })
})
