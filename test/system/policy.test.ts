/** A policy at the door, through HTTP: what is told to senders, and that the bytes on disk do not hold what must not be there. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MemoryLog } from '@tidemark/log'
import { Intake } from '../../apps/tracker/src/ingest/intake.js'
import { readPolicy } from '../../apps/tracker/src/policy/read-policy.js'
import { startApp, type TestApp } from '../support/app.js'

const SECRET = '4111-1111-1111-1111'
const MASK_KEY = 'a key of more than sixteen characters'
const rules = [
  { name: 'noise', type: 'debug.*', drop: true },
  { type: 'payment.*', remove: ['data.card', 'data.**.number'], hash: ['subject', 'partner'], replace: { 'data.note': '***' } },
]
const schemas = [{ type: 'order.placed', schema: { type: 'object', required: ['orderId'], properties: { orderId: { type: 'string' } } } }]

let folder: string
let app: TestApp
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-policy-'))
  const policyFile = join(folder, 'policy.json')
  await writeFile(policyFile, JSON.stringify({ rules, schemas }))
  app = await startApp({ policyFile, maskKey: MASK_KEY, dataDir: join(folder, 'data'), follows: false })
}, 120_000)
afterAll(async () => {
  await app?.stop()
  await rm(folder, { recursive: true, force: true })
})

let count = 0
const event = (more: object): object => ({ specversion: '1.0', id: `e-${(count += 1)}`, source: '/test', type: 'payment.received', ...more })

async function post(body: string, type = 'application/json', headers: Record<string, string> = {}) {
  const answer = await fetch(`${app.url}/api/v1/events`, { method: 'POST', body, headers: { 'content-type': type, ...headers } })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

async function bytesOnDisk(): Promise<string> {
  const directory = join(folder, 'data', 'log')
  const files = (await readdir(directory)).filter((name) => name.endsWith('.log'))
  expect(files.length).toBeGreaterThan(0)
  return (await Promise.all(files.map((name) => readFile(join(directory, name), 'latin1')))).join('')
}

test('what is masked is nowhere in the bytes of the log, however the event came', async () => {
  const json = JSON.stringify({ card: SECRET, kept: 'kept-1' })
  const ways: readonly [string, string, Record<string, string>?][] = [
    [JSON.stringify(event({ data: { card: SECRET, note: SECRET, kept: 'kept-1', deep: [{ number: SECRET }] }, subject: SECRET, partner: SECRET })), 'application/cloudevents+json'],
    [JSON.stringify([event({ data: { card: { number: SECRET }, kept: 'kept-2' } }), event({ type: 'other', data: { kept: 'kept-3' } })]), 'application/cloudevents-batch+json'],
    [json.replace('kept-1', 'kept-4'), 'application/json', { 'ce-specversion': '1.0', 'ce-id': 'b-1', 'ce-source': '/b', 'ce-type': 'payment.sent', 'ce-subject': SECRET }],
    [`<card>${SECRET}</card>`, 'application/xml', { 'ce-specversion': '1.0', 'ce-id': 'b-2', 'ce-source': '/b', 'ce-type': 'payment.sent' }],
    [JSON.stringify(event({ data: json.replace('kept-1', 'kept-5') })), 'application/json'],
    [JSON.stringify(event({ data_base64: Buffer.from(json).toString('base64') })), 'application/json'],
    [`{"specversion":"1.0","id":"twice","source":"/t","type":"payment.received","data":{"card":"${SECRET}"},"data":{"kept":"kept-6"}}`, 'application/json'],
    [JSON.stringify(event({ data: { card: SECRET }, ['no-name']: 1 })), 'application/json'],
  ]
  const answers = []
  for (const [body, type, headers] of ways) answers.push((await post(body, type, headers)).status)
  expect(answers).toEqual([202, 202, 202, 202, 202, 202, 202, 400])
  const bytes = await bytesOnDisk()
  for (const kept of [1, 2, 3, 4, 5, 6]) expect(bytes).toContain(`kept-${kept}`)
  expect(bytes).not.toContain(SECRET)
  expect(bytes).not.toContain(Buffer.from(json).toString('base64').slice(4, 40))
  expect(bytes).toContain('hmac:')
})

test('the same event is the same event under a mask as well', async () => {
  const body = JSON.stringify(event({ subject: 'alice', data: { card: '1' } }))
  expect((await post(body)).body).toMatchObject({ accepted: 1, duplicates: 0 })
  expect((await post(body)).body).toMatchObject({ accepted: 0, duplicates: 1 })
})

test('what is dropped is not stored, and counted in the answer', async () => {
  const { last } = app.log.stats()
  expect(await post(JSON.stringify(event({ type: 'debug.x', data: 'dropped-1' })))).toMatchObject({ status: 202, body: { accepted: 0, duplicates: 0, dropped: 1, position: String(last) } })
  expect((await post(JSON.stringify([event({ type: 'debug.x' }), event({ type: 'fine' })]))).body).toMatchObject({ accepted: 1, dropped: 1 })
  expect(await bytesOnDisk()).not.toContain('dropped-1')
})

test('what does not fit its schema is refused with its place in the batch, and nothing of the batch is kept', async () => {
  const batch = [event({ type: 'order.placed', data: { orderId: 'refused-with-the-batch' } }), event({ type: 'order.placed', data: { orderId: 5 } }), event({ type: 'order.placed' })]
  expect(await post(JSON.stringify(batch))).toMatchObject({
    status: 422,
    body: {
      code: 'schemaFault',
      detail: 'Event 1 of the batch does not fit its schema: data/orderId must be string, says the schema of order.placed (and 1 more). Nothing of the batch was taken.',
      errors: [{ index: 1, attribute: 'data/orderId' }, { index: 2, attribute: 'data', message: 'must be object, says the schema of order.placed' }],
    },
  })
  expect(await bytesOnDisk()).not.toContain('refused-with-the-batch')
  expect(await post(JSON.stringify(batch[0]))).toMatchObject({ status: 202 })
})

test('bytes that no rule can look into are not kept by ways in that cannot refuse', async () => {
  const log = new MemoryLog()
  await new Intake(log, readPolicy(join(folder, 'policy.json'), MASK_KEY)).quarantine(Buffer.from(`{"card":"${SECRET}"`))
  const [entry] = await log.lookup([1n])
  expect(JSON.parse(Buffer.from(entry!.payload).toString())).toEqual({ unreadable: true, bytes: 29 })
  await new Intake(log, readPolicy(undefined, undefined)).quarantine(Buffer.from('raw'))
  expect(Buffer.from((await log.lookup([2n]))[0]!.payload).toString()).toBe('raw')
})
