import { describe, expect, test } from 'vitest'
import { readProcesses } from './read-processes.js'

const file = (body: string): string => `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="P">${body}</process>
  </definitions>`
const times = (count: number, part: (index: number) => string): string => Array.from({ length: count }, (_, index) => part(index)).join('')
const flow = (index: number, source: string,
  target: string): string => `<sequenceFlow id="f${index}" sourceRef="${source}" targetRef="${target}"/>`

/** Generous for a busy machine; what is quadratic without a bound takes far longer. */
const BOUND_MS = 8_000

describe('a file made to exhaust us is read within a bound', () => {
  test.each([
    ['5,000 elements of one id', file(times(5_000, () => '<task id="a"/>'))],
    ['3,000 parallel splits around tasks of one name', file(times(3_000,
      (index) => `<parallelGateway id="g${index}"/><task id="t${index}" name="pay"/>`)
      + times(1_900, (index) => flow(2 * index, `g${index}`, `g${index + 1}`) + flow(2 * index + 1, `g${index}`, `t${index}`)))],
    ['4,000 choices in a row before a timer', file(times(4_000, (index) => `<exclusiveGateway id="g${index}"/>`)
      + '<intermediateCatchEvent id="t"><timerEventDefinition id="d"><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>'
      + times(3_999, (index) => flow(index, `g${index}`, `g${index + 1}`)) + flow(9_000, 'g3999', 't') + flow(9_001, 'g0', 'g2000'))],
    ['4,000 links', file(times(2_000,
      (index) => `<intermediateThrowEvent id="a${index}"><linkEventDefinition id="d${index}" name="L${index}"/></intermediateThrowEvent>
      <intermediateCatchEvent id="b${index}"><linkEventDefinition id="e${index}" name="L${index}"/></intermediateCatchEvent>`))],
    ['a name of two million letters', file(`<task id="a" name="${'x'.repeat(2_000_000)}"/>`)],
    ['text where none belongs', file('x'.repeat(2_000_000))],
    ['40,000 references to nothing', file(`<task id="a">${times(40_000, (index) => `<incoming>f${index}</incoming>`)}</task>`)],
    ['90 nested sub-processes', file(`${times(90, (index) => `<subProcess id="s${index}">`)}${'</subProcess>'.repeat(90)}`)],
  ])('%s', async (_, xml) => {
    const started = performance.now()
    const { findings } = await readProcesses(xml)
    expect(performance.now() - started).toBeLessThan(BOUND_MS)
    expect(Math.max(0, ...findings.map(({ message }) => message.length))).toBeLessThan(5_000)
  })
})
