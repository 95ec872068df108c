/** The schema that editors complete mapping files by says what the reader of mapping files says, and is where the papers say it is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mappingSchema, parseMapping } from '@tidemark/bpmn'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { tidemark } from './cli/run-command.js'
import { repoRoot } from './support/requires.js'

const validate = new Ajv2020({ strict: false }).compile(mappingSchema)

test.each([
  readFileSync(join(repoRoot, 'examples/order-fulfilment/order-fulfilment.mapping.yaml'), 'utf8'),
  'key: data.orderId', 'key: [data.orderId, { name: shipment, value: data.shipmentId }]', 'elements: { pay: payment.received }',
  'elements: { pay: { observe: [paid, { event: started, phase: start, source: bank, filter: data.total > 0, key: data.ref }], stuckAfter: PT1H, sla: P1D } }',
  'elements: { pay: { command: { type: order.cancel, target: orders, data: "= { id: key }" }, managed: true, timer: watch, unwanted: false } }',
  'elements: { pack: { item: data.parcelId } }',
  'unexpected: ["order.*", { event: "*", source: bank }]\naccepted: [skipped, { kind: repeated, element: pay }]', 'mode: manage\ngrace: PT1M\nzone: Europe/Berlin\nsla: { duration: P10D, severity: critical, name: all }',
])('takes what the reader takes: %s', (text) => {
  expect(parseMapping(text).findings).toEqual([])
  expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true)
})

test.each([
  'mode: obey', 'elements: { pay: { item: [x] } }', 'elemnts: {}', 'elements: { pay: { observed: x } }', 'elements: { pay: { observe: { phase: end } } }', 'elements: { pay: { timer: always } }', 'sla: { time: P1D }', 'elements: pay',
  'accepted: [{ element: pay, of: x }]', 'key: [{ nme: x, value: y }]', 'elements: { pay: { managed: "yes" } }',
])('refuses what the reader refuses: %s', (text) => {
  expect(parseMapping(text).findings).not.toEqual([])
  expect(validate(parse(text))).toBe(false)
})

test('is printed for editors, and the papers say where it is served', async () => {
  expect(JSON.parse((await tidemark('schema')).stdout)).toEqual(mappingSchema)
  expect(readFileSync(join(repoRoot, 'docs/how-to/map-events.md'), 'utf8')).toContain('$schema=http://127.0.0.1:3000/api/v1/mapping-schema')
})
