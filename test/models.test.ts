import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readProcesses } from '@tidemark/bpmn'
import type { Element, Finding, ReadResult } from '@tidemark/bpmn'
import { describe, expect, test } from 'vitest'
import { dataDir, skipUnless } from './support/requires.js'

/**
 * Models that people and tools really drew: whatever they hold is read or named, never lost and never an exception.
 */
const data = dataDir() ?? ''
const skip = skipUnless(data !== '', 'the models in ../shared/data')

const files = (under: string): string[] => readdirSync(under, { withFileTypes: true }).flatMap((entry) => (
  entry.isDirectory() ? files(join(under, entry.name)) : entry.name.endsWith('.bpmn') ? [join(under, entry.name)] : []
))
const read = (name: string): Promise<ReadResult> => readProcesses(readFileSync(join(data, name)))
const codes = ({ findings }: ReadResult): string[] => findings.map(({ code }) => code)
const errors = ({ findings }: ReadResult): readonly Finding[] => findings.filter(({ severity }) => severity === 'error')
const elements = ({ processes }: ReadResult): Element[] => processes.flatMap((process) => process.elements)
const events = (result: ReadResult, name: string): string[] => (
  elements(result).filter((element) => element.name === name || element.id === name)
    .flatMap(({ bindings }) => bindings.map(({ event }) => event))
)

/** Flow nodes as they stand in the text, counted without our reader. */
const KINDS = String.raw`\w*[tT]ask|(?:start|end|boundary|intermediate\w+)Event|\w+Gateway|(?:adHocS|s)ubProcess|transaction|callActivity`
const FLOW_NODE = new RegExp(String.raw`<(?:[\w-]+:)?(?:${KINDS})\s[^>]*?\bid=`, 'g')
const drawnNodes = (text: string): number => (
  text.replace(/<!--.*?-->/gs, '').match(FLOW_NODE)?.filter((tag) => !/<(?:[\w-]+:)?global/.test(tag)).length ?? 0
)

describe.skipIf(skip)('every model of the data folder', () => {
  const all = skip ? [] : files(data)

  test.each(all.map((path) => [relative(data, path),
    path]))('%s is read: each flow node is followed or told, and what was read can be read again', async (_, path) => {
    const result = await readProcesses(readFileSync(path))
    expect(result.processes.length > 0 || errors(result).length > 0).toBe(true)
    expect(result.elementCount).toBe(drawnNodes(readFileSync(path, 'latin1')))

    const lossy = ['lostElement', 'unreadableElement', 'unresolvedReference', 'danglingFlow', 'foreignContent']
    expect(result.findings.filter(({ code }) => lossy.includes(code))).toEqual([])

    const again = await readProcesses(result.xml)
    expect(again.processes).toEqual(result.processes)
    expect(codes(again).filter((code) => code.startsWith('repaired'))).toEqual([])
  })
})

describe.skipIf(skip)('the MIWG references', () => {
  // Everything else of the 21 files can be followed.
  const refused: Record<string, readonly string[]> = {
    'A.2.1': ['unsupportedElement'], 'A.3.0': ['unsupportedElement'], 'B.2.0': ['unsupportedElement'], 'C.3.0': ['mustBeEager'],
      'C.4.0': ['unsupportedElement'],
    'C.6.0': ['unsupportedElement'], 'C.7.0': ['unsupportedElement'], 'C.9.0': ['unsupportedElement'], 'C.9.2': ['unsupportedElement'],
  }

  test.each(skip ? [] : files(join(data, 'bpmn/miwg-reference')).map((path) => relative(data,
    path)))('%s is refused only for what is listed', async (name) => {
    const expected = refused[/([ABC]\.\d\.\d)/.exec(name)?.[1] ?? ''] ?? []
    expect([...new Set(errors(await read(name)).map(({ code }) => code))]).toEqual(expected)
  })

  test('B.2.0 tells each of its 14 unsupported elements', async () => {
    expect(codes(await read('bpmn/miwg-reference/B.2.0.bpmn')).filter((code) => code === 'unsupportedElement')).toHaveLength(14)
  })
})

describe.skipIf(skip)('exports that a naive parser loses meaning of', () => {
  const lossy = (name: string): Promise<ReadResult> => read(`bpmn/miwg-vendor-lossy/${name}.bpmn`)
  const triggers = (result: ReadResult, kind: Element['kind']): (string | undefined)[] => (
    elements(result).filter((element) => element.kind === kind).map(({ trigger }) => trigger?.kind).sort()
  )

  test('ModelFoundry: illegal ids of event definitions do not turn timers, messages and terminations into plain events', async () => {
    const result = await lossy('ModelFoundry_1.1.1_B.1.0-roundtrip')
    expect(triggers(result, 'startEvent')).toEqual(expect.arrayContaining(['timer', 'message']))
    expect(triggers(result, 'endEvent')).toContain('terminate')
    expect(triggers(result, 'endEvent')).toContain('message')
    expect(triggers(await lossy('ModelFoundry_1.1.1_A.3.0-roundtrip'), 'boundaryEvent')).toEqual(['escalation', 'message'])
  })

  test('Bonita: the timer on a boundary stays a timer', async () => {
    const result = await lossy('Bonita_BPM_7.2.3_C.3.0-export')
    const timer = elements(result).find(({ kind, trigger }) => kind === 'boundaryEvent' && trigger?.kind === 'timer')
    expect(timer).toMatchObject({ name: '2 hours' })
    expect(triggers(await lossy('Bonita_BPM_7.2.3_A.3.0-export'), 'boundaryEvent')).toContain('message')
  })

  test('Cardanit: conditions with a foreign type prefix are kept', async () => {
    const result = await lossy('Cardanit_prev._BeePMN_4.9.1_A.2.1-roundtrip')
    const conditions = result.processes[0]?.flows.flatMap(({ condition }) => condition?.text ?? [])
    expect(conditions).toEqual(['true'])
    expect(codes(result).filter((code) => code === 'repairedType')).toHaveLength(5)
  })

  test('Signavio: a process whose id was used twice is there', async () => {
    const result = await lossy('SAP_Signavio_Process_Manager_19.9.0_B.1.0-roundtrip')
    expect(result.processes.map(({ name }) => name)).toEqual(['Participant', 'Pool', 'B.1.0'])
    expect(codes(result)).toContain('repairedDuplicateId')
  })
})

describe.skipIf(skip)('models made for other engines say what their events are', () => {
  test('Camunda 7: the invoice can be followed; its conditions are learned from events, its called process is one task', async () => {
    for (const name of ['invoice.v1', 'invoice.v2',
      'reviewInvoice']) expect(errors(await read(`bpmn/camunda7-invoice/${name}.bpmn`))).toEqual([])
    const result = await read('bpmn/camunda7-invoice/invoice.v2.bpmn')
    expect(codes(result).sort()).toEqual(['opaqueCall', 'unknownCondition', 'unknownCondition'])
    expect(events(result, 'Approve Invoice')).toEqual(['Approve Invoice', 'approveInvoice'])
    expect(elements(result).find(({ kind }) => kind === 'callActivity')?.calledElement).toBe('ReviewInvoice')
  })

  test('Zeebe: job types and messages with their keys', async () => {
    expect(events(await read('bpmn/zeebe-order/order-process.bpmn'), 'Collect Money')).toEqual(['payment-service'])
    const kafka = await read('bpmn/flowing-retail/order-kafka.bpmn')
    expect(elements(kafka).find(({ name }) => name === 'Payment received')?.bindings).toEqual([{
      event: 'PaymentReceivedEvent', phase: 'occur', from: 'zeebe',
      key: { name: 'CorrelationId_RetrievePayment', value: 'data.CorrelationId_RetrievePayment' },
    }])
  })

  test('flowing-retail: ids are event types, and each of three pools is a process', async () => {
    const result = await read('bpmn/flowing-retail/order-collaboration.bpmn')
    expect(errors(result)).toEqual([])
    expect(result.processes.map(({ name }) => name)).toEqual(['Order', 'Payment', 'Shipping'])
    expect(events(result, 'Receive_PaymentReceivedEvent')).toContain('PaymentReceivedEvent')
    expect(events(result, 'Send_PaymentReceivedEvent')).toContain('PaymentReceivedEvent')
    expect(codes(result)).toContain('blackBoxPool')
  })
})

describe.skipIf(skip)('the models of the real logs', () => {
  test.each([['sepsis', 35, 16], ['receipt', 59, 27], ['fines', 43, 20], ['running-example', 18,
    8]])('%s has no finding, %i elements, %i of them observed by name', async (name, nodes, observed) => {
    const result = await read(`logs/${name}.bpmn`)
    expect(result.findings).toEqual([])
    expect(result.elementCount).toBe(nodes)
    expect(elements(result).filter(({ bindings }) => bindings.length > 0)).toHaveLength(observed)
  })
})
