import { describe, expect, test } from 'vitest'
import type { Element, Finding, ProcessModel } from '../model.js'
import { readProcesses } from './read-processes.js'
import type { ReadOptions, ReadResult } from './read-processes.js'

const definitions = (body: string, attributes = ''): string => `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ${attributes}>
${body}</bpmn:definitions>`
const process = (body: string): string => definitions(`<bpmn:process id="P" name="Order">${body}</bpmn:process>`)
const flow = (source: string, target: string): string => `<bpmn:sequenceFlow id="${source}_${target}" sourceRef="${source}" targetRef="${target}"/>`

const codes = (result: ReadResult): string[] => result.findings.map((finding) => finding.code)
const only = (result: ReadResult): ProcessModel => {
  expect(result.processes).toHaveLength(1)
  return result.processes[0] as ProcessModel
}
const element = (result: ReadResult, id: string): Element => {
  const found = result.processes.flatMap(({ elements }) => elements).find((candidate) => candidate.id === id)
  if (found === undefined) throw new Error(`no ${id}`)
  return found
}
const refusal = async (file: string | Uint8Array, options?: ReadOptions): Promise<Finding> => {
  const { findings, processes } = await readProcesses(file, options)
  expect(processes).toEqual([])
  return findings[0] as Finding
}

describe('a plain process', () => {
  const drawn = process(`
    <bpmn:documentation>From click to door</bpmn:documentation>
    <bpmn:laneSet id="L"><bpmn:lane id="Shop" name="Shop"><bpmn:flowNodeRef>pay</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>
    <bpmn:startEvent id="start"/>${flow('start', 'sub')}
    <bpmn:subProcess id="sub"><bpmn:startEvent id="in"/>${flow('in',
      'pay')}<bpmn:userTask id="pay" name=" Pay&#10; now "/></bpmn:subProcess>
    ${flow('sub', 'which')}<bpmn:exclusiveGateway id="which" default="which_end"/>${flow('which', 'end')}
    <bpmn:sequenceFlow id="other" name="late" sourceRef="which" targetRef="end">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">= days &gt; 3</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:boundaryEvent id="late" attachedToRef="sub" cancelActivity="false">
      <bpmn:timerEventDefinition id="t"><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">P14D</bpmn:timeDuration></bpmn:timerEventDefinition>
    </bpmn:boundaryEvent>${flow('late', 'end')}
    <bpmn:endEvent id="end"/>`)

  test('comes out as drawn: nested elements flat with their parent, in document order', async () => {
    const model = only(await readProcesses(drawn))
    expect(model).toMatchObject({ id: 'P', name: 'Order', documentation: 'From click to door', mode: 'observe', keys: [{ name: 'key',
      value: '' }] })
    expect(model.elements.map(({ id, parent }) => [id, parent])).toEqual([
      ['start', undefined], ['sub', undefined], ['in', 'sub'], ['pay', 'sub'], ['which', undefined], ['late', undefined], ['end',
        undefined],
    ])
  })

  test('keeps flows, default, conditions, timers and lanes', async () => {
    const result = await readProcesses(drawn)
    expect(element(result, 'which')).toMatchObject({ incoming: ['sub_which'], outgoing: ['which_end', 'other'], defaultFlow: 'which_end' })
    expect(only(result).flows.find(({ id }) => id === 'other')).toEqual({
      id: 'other', name: 'late', source: 'which', target: 'end', condition: { text: '= days > 3', feel: true },
    })
    expect(element(result, 'late')).toMatchObject({
      attachedTo: 'sub', interrupting: false, trigger: { kind: 'timer', timer: { kind: 'duration', text: 'P14D', mode: 'self' } },
    })
    expect(element(result, 'pay')).toMatchObject({ kind: 'userTask', name: 'Pay now', lane: 'Shop' })
    expect(result.elementCount).toBe(7)
  })
})

describe('a file that is no model', () => {
  test.each([
    ['', 'notXml'], ['hello', 'notXml'], ['<a><b></a>', 'notXml'], ['<a>&nope;</a>', 'notXml'], ['<a b="1" b="2"/>', 'notXml'],
    ['<a>&#0;</a>', 'notXml'], ['<a>&#xD800;</a>', 'notXml'], ['<a>\u0000</a>', 'notXml'], ['<a>\uD800</a>', 'notXml'], ['<x:a/>',
      'notXml'],
    ['<!DOCTYPE a [<!ENTITY x "xxx">]><a>&x;</a>', 'doctypeRefused'],
    ['<html/>', 'notBpmn'],
    ['<definitions xmlns="urn:other"/>', 'notBpmn'],
    [definitions(''), 'noProcess'],
    [definitions('<bpmn:process id="P"/>'), 'noProcess'],
  ])('is refused with a finding, not an exception: %j', async (text, code) => {
    expect(await refusal(text)).toMatchObject({ code, severity: 'error' })
  })

  test('is told with line and column', async () => {
    expect((await refusal('<a>\n  <b></c>\n</a>')).message).toContain('2:')
  })

  test.each([
    ['tooLarge', { maxBytes: 20 }], ['tooDeep', { maxDepth: 2 }], ['tooManyElements', { maxElements: 2 }],
  ])('is refused beyond its limit: %s', async (code, limits) => {
    const text = process('<bpmn:task id="a"/><bpmn:task id="b"/>')
    expect(await refusal(text, { limits })).toMatchObject({ code, severity: 'error' })
    expect(codes(await readProcesses(text))).not.toContain(code)
  })

  test('is refused before its depth exhausts the stack', async () => {
    expect((await refusal(`${'<a>'.repeat(200_000)}`)).code).toBe('tooDeep')
  })
})

describe('an encoding', () => {
  const text = process('<bpmn:task id="a" name="Prüfung"/>')
  const latin1 = (content: string): Uint8Array => Uint8Array.from([...content].map((letter) => letter.charCodeAt(0)))

  test('is taken from the declaration', async () => {
    const result = await readProcesses(latin1(text.replace('UTF-8', 'ISO-8859-1')))
    expect(element(result, 'a').name).toBe('Prüfung')
    expect(result.xml).toContain('encoding="UTF-8"')
    expect(codes(result)).toEqual([])
  })

  test('is taken from the byte order mark', async () => {
    const utf16 = new Uint8Array(Buffer.from(`\uFEFF${text.replace('UTF-8', 'UTF-16')}`, 'utf16le'))
    expect(element(await readProcesses(utf16), 'a').name).toBe('Prüfung')
    const utf8 = new Uint8Array(Buffer.from(`\uFEFF${text}`, 'utf8'))
    expect(element(await readProcesses(utf8), 'a').name).toBe('Prüfung')
  })

  test('that does not fit is refused', async () => {
    expect(await refusal(latin1(text))).toMatchObject({ code: 'badEncoding' })
    expect(await refusal(latin1(text.replace('UTF-8', 'klingon')))).toMatchObject({ code: 'badEncoding' })
  })
})

describe('what other tools get wrong is repaired and told', () => {
  test('illegal ids, with the references to them', async () => {
    const result = await readProcesses(process(`
      <bpmn:task id="1 a"><bpmn:outgoing>the flow</bpmn:outgoing></bpmn:task><bpmn:task id="Prüfung"/>
      <bpmn:sequenceFlow id="the flow" sourceRef="1 a" targetRef="Prüfung"/>
      <bpmn:boundaryEvent id="b" attachedToRef="1 a"><bpmn:timerEventDefinition id="2 hours">
        <bpmn:timeDuration>PT2H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>`))
    expect(codes(result).filter((code) => code === 'repairedId')).toHaveLength(4)
    expect(element(result, 'b')).toMatchObject({ attachedTo: '_1_a', trigger: { kind: 'timer', timer: { text: 'PT2H' } } })
    expect(only(result).flows).toMatchObject([{ id: 'the_flow', source: '_1_a', target: 'Pr_fung' }])
    expect(codes(await readProcesses(result.xml))).not.toContain('repairedId')
  })

  test('missing ids of elements and flows', async () => {
    const result = await readProcesses(process('<bpmn:task id="a"/><bpmn:task id="b"/><bpmn:sequenceFlow sourceRef="a" targetRef="b"/><bpmn:task name="c"/>'))
    expect(codes(result)).toContain('repairedId')
    expect(only(result).flows).toHaveLength(1)
    expect(only(result).elements).toHaveLength(3)
  })

  test('an id used twice in two processes: flows stay with the element of their own process', async () => {
    const one = (id: string): string => `<bpmn:process id="${id}"><bpmn:task id="a" name="${id}"/><bpmn:task id="b"/>
      <bpmn:sequenceFlow id="f" sourceRef="a" targetRef="b"/></bpmn:process>`
    const result = await readProcesses(definitions(one('P') + one('Q')))
    expect(codes(result).filter((code) => code === 'repairedDuplicateId')).toHaveLength(3)
    expect(result.processes.map(({ flows }) => flows.map(({ source, target }) => [source, target]))).toEqual([[['a', 'b']], [['a_2',
      'b_2']]])
  })

  test('an id shared by a pool and its process', async () => {
    const result = await readProcesses(definitions(`<bpmn:collaboration id="C"><bpmn:participant id="P" name="Shop" processRef="P"/>
      </bpmn:collaboration>
      <bpmn:process id="P"><bpmn:task id="a"/></bpmn:process>`))
    expect(only(result)).toMatchObject({ id: 'P_2', name: 'Shop' })
    expect(codes(result)).not.toContain('blackBoxPool')
  })

  test('references with a prefix that their target does not have', async () => {
    const result = await readProcesses(definitions(`<bpmn:message id="M" name="order.placed"/><bpmn:process id="P">
      <bpmn:startEvent id="StartEvent_1">
      <bpmn:messageEventDefinition id="d" messageRef="tns:M"/></bpmn:startEvent></bpmn:process>`, 'xmlns:tns="urn:x"'))
    expect(codes(result)).toContain('repairedReference')
    expect(element(result, 'StartEvent_1')).toMatchObject({ trigger: { kind: 'message', name: 'order.placed' },
      bindings: [{ event: 'order.placed', phase: 'occur' }] })
  })

  test('conditions typed with a foreign prefix', async () => {
    const result = await readProcesses(process(`<bpmn:task id="a"/><bpmn:task id="b"/><bpmn:sequenceFlow id="f" sourceRef="a" targetRef="b">
      <bpmn:conditionExpression xsi:type="bpmn2:tFormalExpression">x</bpmn:conditionExpression></bpmn:sequenceFlow>`))
    expect(codes(result)).toContain('repairedType')
    expect(only(result).flows[0]?.condition).toEqual({ text: 'x', feel: false })
  })

  test('spaces round the equals sign', async () => {
    const result = await readProcesses(process('<bpmn:task id = "a" name ="x = y"/><bpmn:task id="b" name="a = b"/><bpmn:sequenceFlow id="f" sourceRef\n= "a" targetRef= "b"/>'))
    expect(codes(result)).toContain('repairedSpacing')
    expect(only(result).flows).toMatchObject([{ source: 'a', target: 'b' }])
    expect(element(result, 'a').name).toBe('x = y')
    expect(codes(await readProcesses(process('<bpmn:task id="b" name="a = b"/>')))).not.toContain('repairedSpacing')
  })

  test('nothing else: text, entities and foreign extensions survive being written anew', async () => {
    const result = await readProcesses(process(`<bpmn:task id = "a" name="a &lt; &quot;b&quot; &amp; c">
      <bpmn:documentation><![CDATA[<b>&</b>]]></bpmn:documentation>
      <bpmn:extensionElements><v:thing xmlns:v="urn:v" v:at="1">text</v:thing></bpmn:extensionElements></bpmn:task>`))
    expect(element(result, 'a').name).toBe('a < "b" & c')
    expect(result.xml).toContain('<v:thing xmlns:v="urn:v" v:at="1">text</v:thing>')
    expect(result.xml).toContain('&lt;b&gt;&amp;&lt;/b&gt;')
  })
})

describe('nothing is lost silently', () => {
  test('flows without an end, and references to nothing', async () => {
    const result = await readProcesses(process('<bpmn:task id="a"/><bpmn:sequenceFlow id="f" sourceRef="a" targetRef="gone"/>'))
    expect(codes(result)).toEqual(expect.arrayContaining(['unresolvedReference', 'danglingFlow']))
    expect(only(result).flows).toEqual([])
  })

  test('BPMN that the standard does not know', async () => {
    const result = await readProcesses(process('<bpmn:task id="a"/><bpmn:superTask id="b"/>'))
    expect(result.findings).toContainEqual(expect.objectContaining({ code: 'unreadableElement', severity: 'error' }))
  })

  test('pools without a process, and several pools', async () => {
    const result = await readProcesses(definitions(`<bpmn:collaboration id="C"><bpmn:participant id="A" name="Shop" processRef="P"/>
      <bpmn:participant id="B" processRef="Q"/><bpmn:participant id="X" name="Customer"/></bpmn:collaboration>
      <bpmn:process id="P"><bpmn:task id="a"/></bpmn:process><bpmn:process id="Q" name="Bank"><bpmn:task id="b"/></bpmn:process>`))
    expect(result.processes.map(({ id, name }) => [id, name])).toEqual([['P', 'Shop'], ['Q', 'Bank']])
    expect(codes(result)).toEqual(expect.arrayContaining(['blackBoxPool', 'severalPools']))
  })

  test('links become flows; one without a partner is an error', async () => {
    const link = (id: string, kind: string,
      name: string): string => `<bpmn:${kind} id="${id}"><bpmn:linkEventDefinition id="${id}d" name="${name}"/></bpmn:${kind}>`
    const result = await readProcesses(process(`<bpmn:task id="a"/>${flow('a', 'out')}${link('out', 'intermediateThrowEvent', 'L')}
      ${link('in', 'intermediateCatchEvent', 'L')}${flow('in', 'b')}<bpmn:task id="b"/>${link('lost', 'intermediateThrowEvent', 'M')}`))
    expect(element(result, 'in').incoming).toEqual(['out->in'])
    expect(result.findings.filter(({ code }) => code === 'linkWithoutPartner')).toMatchObject([{ elementId: 'lost' }])
  })
})
