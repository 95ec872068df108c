import { readFileSync } from 'node:fs'
import type { ModdleElement } from 'bpmn-moddle'
import { BpmnModdle } from 'bpmn-moddle'
import { beforeAll, describe, expect, test } from 'vitest'
import { generateOrders } from './load.js'
import { mappingFile, modelFile } from './model-file.js'

describe('the order process as it is drawn', () => {
  const xml = readFileSync(modelFile, 'utf8')
  let elements: Readonly<Record<string, ModdleElement>>
  let warnings: readonly unknown[]

  beforeAll(async () => {
    ({ elementsById: elements, warnings } = await new BpmnModdle().fromXML(xml))
  })

  test('is read without a warning', () => {
    expect(warnings).toEqual([])
  })

  test('has a shape for every node and a line for every flow', () => {
    const isDrawn = /^bpmn:(.*Task|task|.*Event|.*Gateway|SubProcess|SequenceFlow)$/
    const nodes = Object.values(elements).filter(({ $type }) => isDrawn.test($type)).map(({ id }) => id).sort()
    const drawn = Object.values(elements).filter(({ $type }) => /^bpmndi:BPMN(Shape|Edge)$/.test($type))
      .map((shape) => (shape['bpmnElement'] as ModdleElement).id).sort()

    expect(nodes).toHaveLength(50)
    expect(drawn).toEqual(nodes)
  })

  test('observes every event the services say, but the one it need not know', () => {
    const observed = new Set([...xml.matchAll(/<tm:observe event="([^"]+)"/g)].map(([, type]) => type))
    const said = new Set([...generateOrders({ orders: 300, startTime: 0, commands: 'timely' })].map(({ type }) => type))

    expect([...said].filter((type) => !observed.has(type))).toEqual(['customer.notified'])
    expect([...observed].filter((type) => !said.has(type!))).toEqual([])
  })

  test('has a side mapping that speaks of the same elements, events and durations', () => {
    const mapping = readFileSync(mappingFile, 'utf8')
    const mapped = [...mapping.slice(mapping.indexOf('elements:')).matchAll(/^ {2}(\w+):/gm)].map(([, id]) => id!)
    const spokenOf = [...xml.matchAll(/id="(\w+)"[^>]*>\s*<bpmn:extensionElements>\s*<tm:(?:observe|command)/g)].map(([, id]) => id!)
    expect(mapped.sort()).toEqual(spokenOf.sort())

    const durationsIn = (text: string): string[] =>
      [...text.matchAll(/(?:stuckAfter|tolerance|grace|maxGrace|effectsMaxAge|duration)(?:=|: )"?(\w+)/gi)].map(([, it]) => it!).sort()
    expect(durationsIn(mapping)).toEqual(durationsIn(xml))
    for (const [, type] of xml.matchAll(/<tm:(?:observe event|command type)="([^"]+)"/g)) expect(mapping).toContain(type)
  })
})
