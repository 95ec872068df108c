import { readFileSync, readdirSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { readProcesses, TrackedModel, Unit } from '@tidemark/bpmn'
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

/** Refused for another reason than an element that is not followed, by the name of the file. */
const REFUSED: Readonly<Record<string, string>> = {
  // Two pools and a message between them, without anything inside.
  'message-flow-pool-pool': 'noProcess',
}

describe.skipIf(skip)('what can be followed', () => {
  const all = skip ? [] : files(join(data, 'bpmn')).map((path) => relative(join(data, 'bpmn'), path)).sort()
  const nameOf = (path: string): string => basename(path, '.bpmn').replace(/^Simulator\./, '')
  const followed = new Set<string>()

  test.each(all)('%s compiles and takes each of its events, or is refused with findings that name what is in the way', async (path) => {
    const result = await read(join('bpmn', path))
    const problems = errors(result)
    if (problems.length > 0) {
      const drawn = new Map(elements(result).map((element) => [element.id, element]))
      for (const { code, elementId } of problems) {
        if (code === 'unsupportedElement') expect(drawn.has(elementId ?? '')).toBe(true)
        else expect([path, code]).toEqual([path, REFUSED[nameOf(path)]])
      }
      return
    }
    for (const process of result.processes) {
      const model = new TrackedModel(process)
      const unit = new Unit({ model: process.id, versionAt: () => ({ version: 1, model }), identify: (parts) => parts.join() }, 'key')
      const labels = [...model.net.observations.keys()]
      unit.add(labels.map((label, index) => ({
        position: BigInt(index + 1), kind: 'event', time: index * 1000, appendTime: index * 1000, source: '/test', id: String(index), type: label, labels: { 1: [label] },
      })))
      expect(unit.view(1e12).length).toBe(labels.length === 0 ? 0 : unit.runs.length)
    }
    followed.add(path)
  })

  // The share that has to be followed, of each folder.
  test.each([
    ['camunda7-invoice', 1], ['flowing-retail', 1], ['zeebe-order', 1], ['message-correlator', 1], ['miwg-reference', 0.95], ['miwg-vendor-lossy', 1],
    ['token-simulation-fixtures', 0.95],
  ])('%s: enough of it', (folder, least) => {
    const inside = all.filter((path) => path.startsWith(folder))
    expect(inside.length).toBeGreaterThan(1)
    expect(inside.filter((path) => followed.has(path)).length / inside.length).toBeGreaterThanOrEqual(least)
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

  /** Each node and flow in words: kind, trigger, whether it interrupts, loop, host, name; where a flow leads, and whether on a condition. */
  const meaning = ({ processes }: ReadResult): string[] => processes.flatMap(({ elements: nodes, flows }) => {
    const names = new Map(nodes.map(({ id, name }) => [id, name]))
    return [
      ...nodes.map((node) => [
        node.kind, node.trigger?.kind, node.interrupting, node.loop?.kind, names.get(node.attachedTo ?? ''), node.name,
      ].map((part) => part ?? '-').join(' ')),
      ...flows.map((flow) => `${names.get(flow.source)} > ${names.get(flow.target)}${flow.condition === undefined ? '' : ' if'}`),
    ]
  }).sort()

  // What the tools themselves changed stands in their files; nothing more is missing, and nothing is added.
  test.each([
    ['Cardanit_prev._BeePMN_4.9.1_A.2.1-roundtrip', 'A.2.1', []],
    ['ModelFoundry_1.1.1_A.3.0-roundtrip', 'A.3.0', []],
    ['ModelFoundry_1.1.1_B.1.0-roundtrip', 'B.1.0', []],
    ['SAP_Signavio_Process_Manager_19.9.0_B.1.0-roundtrip', 'B.1.0', [
      'Abstract Task 8 > End Event None 4', 'Start Event None 3 > Abstract Task 8', 'endEvent none - - - End Event None 4',
      'startEvent none - - - Start Event None 3', 'task - - - - Abstract Task 8',
    ]],
  ])('%s means what the reference %s means', async (name, reference, lost) => {
    const left = meaning(await read(`bpmn/miwg-reference/${reference}.bpmn`))
    const added = meaning(await lossy(name)).filter((one) => {
      const at = left.indexOf(one)
      if (at >= 0) left.splice(at, 1)
      return at < 0
    })
    expect(added).toEqual([])
    expect(left).toEqual(lost)
  })

  test('Bonita draws other models after the references: all that stands in its files is there', async () => {
    const small = meaning(await lossy('Bonita_BPM_7.2.3_A.3.0-export'))
    expect(small).toHaveLength(13)
    expect(small).toContain('boundaryEvent message true - Collapsed sub-process Boundary Intermediate event non-interrupting Message')
    const large = meaning(await lossy('Bonita_BPM_7.2.3_C.3.0-export'))
    expect(large).toHaveLength(meaning(await read('bpmn/miwg-reference/C.3.0.bpmn')).length)
    expect(large).toContain('callActivity - - - - Perform emergency repair')
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
