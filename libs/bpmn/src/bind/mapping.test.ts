import { describe, expect, test } from 'vitest'
import { readProcesses } from '../read/read-processes.js'
import { mappingSchema } from './mapping-schema.js'
import { mappingKeys } from './mapping-shape.js'
import { parseMapping } from './mapping.js'

const MODEL = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="order"><task id="pay" name="Collect payment"/>
  <task id="Task_1" name="Ship"/><task id="Task_2" name="Ship"/></process></definitions>`

describe('a mapping', () => {
  test('says in YAML all that tm: can say', () => {
    const { mapping, findings } = parseMapping(`
process: order
key: [{ name: orderId, value: data.orderId }, data.payment.paymentId]
mode: manage
grace: PT1M
sla: P10D
unexpected: [order.frozen, { event: '*', source: bank }]
accepted: [skipped, { kind: repeated, element: pay }]
elements:
  pay:
    observe:
      - payment.received
      - { event: payment.started, phase: start, source: bank, filter: data.total > 0, key: data.ref }
    stuckAfter: PT1H
    sla: { duration: P1D, severity: critical }
  Ship: { command: { type: goods.ship, target: shipping }, managed: true, unwanted: false, timer: watch }
`)
    expect(findings).toEqual([])
    expect(mapping).toMatchObject({
      process: 'order',
      rules: {
        keys: [{ name: 'orderId', value: 'data.orderId' }, { name: 'paymentId', value: 'data.payment.paymentId' }], mode: 'manage',
          grace: 'PT1M',
        sla: { duration: 'P10D', severity: 'warning' }, unexpected: [{ event: 'order.frozen' }, { event: '*', source: 'bank' }],
        accepted: [{ kind: 'skipped' }, { kind: 'repeated', element: 'pay' }],
      },
    })
    expect(mapping?.elements['pay']).toEqual({
      observe: [
        { event: 'payment.received' },
        { event: 'payment.started', phase: 'start', source: 'bank', filter: 'data.total > 0', key: { name: 'ref', value: 'data.ref' } },
      ],
      stuckAfter: 'PT1H', sla: { duration: 'P1D', severity: 'critical' },
    })
  })

  test('may be JSON', () => {
    expect(parseMapping('{"elements": {"pay": "payment.received"}}').mapping?.elements['pay']).toEqual({ observe: [{ event: 'payment.received' }] })
  })

  test.each([
    ['', 'badMapping'], ['[]', 'badMapping'], ['a: [', 'badMapping'], ['elements: { a: 1', 'badMapping'], ['elements: pay', 'badMapping'],
    ['mode: obey', 'badMapping'], ['elements: { pay: { observe: { phase: end } } }', 'badMapping'], ['a: 1\na: 2', 'badMapping'],
    ['elemnts: {}', 'unknownMappingKey'], ['elements: { pay: { observed: x } }', 'unknownMappingKey'], ['sla: { time: P1D }',
      'unknownMappingKey'],
    ['accepted: skipped', 'badMapping'], ['unexpected: { source: x }', 'badMapping'], ['unexpected: { event: x, phase: end }', 'unknownMappingKey'], ['elements: { pay: { managed: "yes" } }', 'badMapping'],
  ])('that is wrong is refused as a whole: %j', (text, code) => {
    const { mapping, findings } = parseMapping(text)
    expect(mapping).toBeUndefined()
    expect(findings.map((finding) => finding.code)).toContain(code)
  })

  test('cannot be blown up by aliases, nor reach a prototype', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`).join('\n')}`
    expect(parseMapping(bomb).mapping).toBeUndefined()
    expect(parseMapping('{"elements": {"__proto__": {"managed": true}}}').findings.length + Object.keys({}).length).toBeLessThan(2)
    expect(({} as { managed?: boolean }).managed).toBeUndefined()
  })

  test('applies to all elements of a name', async () => {
    const { mapping } = parseMapping('elements: { Ship: goods.shipped, Collect payment: payment.received }')
    const { processes, findings } = await readProcesses(MODEL, mapping === undefined ? {} : { mapping })
    expect(processes[0]?.elements.map(({ bindings }) => bindings.map(({ event }) => event))).toEqual([['payment.received'],
      ['goods.shipped'], ['goods.shipped']])
    expect(findings).toEqual([])
  })

  test('that names what the model does not have is told, with what was perhaps meant', async () => {
    const told = async (text: string): Promise<string[]> => {
      const { mapping } = parseMapping(text)
      return (await readProcesses(MODEL, mapping === undefined ? {} : { mapping })).findings.map(({ code,
        message }) => `${code}: ${message}`)
    }
    expect((await told('elements: { collect-payment: x }'))[0]).toMatch(/^unknownMappingElement.*did you mean "Collect payment"/)
    expect((await told('process: invoice'))[0]).toMatch(/^unknownMappingElement.*invoice.*order/)
  })
})

describe('the schema of a mapping', () => {
  interface Schema { properties: Record<string, unknown>; additionalProperties: boolean; $defs: Record<string,
    { properties?: Record<string, unknown>; anyOf?: { properties?: object }[] }> }
  const schema = mappingSchema as unknown as Schema
  const keysOf = (name: string): string[] => {
    const definition = schema.$defs[name]
    const properties = definition?.properties ?? definition?.anyOf?.find((choice) => choice.properties !== undefined)?.properties
    return Object.keys(properties ?? {})
  }

  test('lists the keys that are read, no more and no fewer', () => {
    expect(Object.keys(schema.properties).filter((key) => key !== '$schema')).toEqual([...mappingKeys.process])
    for (const part of ['element', 'observe', 'command', 'sla', 'key', 'unexpected', 'accepted'] as const) expect(keysOf(part),
      part).toEqual([...mappingKeys[part]])
  })
})
