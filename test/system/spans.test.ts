import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { LogError, MemoryLog } from '@tidemark/log'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { examplesOf } from '../support/page-examples.js'

const token = 'a token of some length'
let app: TestApp
let without: TestApp

beforeAll(async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tidemark-rules-')), 'rules.json')
  writeFileSync(file, JSON.stringify({
    rules: [
      { name: 'capture', service: 'payment', span: 'POST /payments/*', kind: 'server', event: { type: 'payment.captured', subject: '{order.id}', data: ['payment.amount'] } },
      { name: 'capture-begins', service: 'payment', span: 'POST /payments/*', event: { type: 'payment.begins', subject: '{order.id}', time: 'start' } },
      { name: 'ours', service: 'intruder', event: { type: 'tidemark.approve', subject: '{order.id}' } },
    ],
  }))
  app = await startApp({ spanRulesFile: file, token }, { log: new MemoryLog() })
  without = await startApp({}, { log: new MemoryLog() })
})
afterAll(async () => {
  await app?.stop()
  await without?.stop()
})

let spans = 0
function span(attributes: Record<string, string>, more: object = {}) {
  spans += 1
  return {
    traceId: '5B8EFFF798038103D269B633813FC60C', spanId: spans.toString(16).padStart(16, '0'), name: 'POST /payments/{id}', kind: 2,
    startTimeUnixNano: '1544712660000000000', endTimeUnixNano: '1544712661000000500',
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })), ...more,
  }
}
const request = (service: string, ...all: object[]) =>
  JSON.stringify({ resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] }, scopeSpans: [{ spans: all }] }] })

async function post(body: BodyInit, headers: Record<string, string> = {}, to = app) {
  const before = to.log.stats().last
  const response = await fetch(`${to.url}/v1/traces`, { method: 'POST', body, headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers } })
  const events = []
  for await (const entries of to.log.read({ from: { position: before + 1n } })) {
    for (const { kind, subject, payload } of entries) if (kind === 'event') events.push({ subject, event: JSON.parse(Buffer.from(payload).toString()) as Record<string, unknown> })
  }
  return { status: response.status, type: response.headers.get('content-type'), retryAfter: response.headers.get('retry-after'), body: (await response.json()) as Record<string, unknown>, events }
}

describe('spans', () => {
  test('become the events that rules make of them, others are passed over', async () => {
    const answer = await post(request('payment', span({ 'order.id': 'o-1', 'payment.amount': '12.50' }), span({}, { name: 'SELECT' }), span({}, { name: 'GET /payments/1' })))
    expect(answer).toMatchObject({ status: 200, body: {} })
    expect(answer.body).toEqual({})
    expect(answer.type).toContain('application/json')
    expect(answer.events).toMatchObject([
      { subject: 'event.payment.captured', event: { source: '/otel/payment', subject: 'o-1', time: '2018-12-13T14:51:01.000000500Z', data: { 'payment.amount': '12.50' } } },
      { subject: 'event.payment.begins', event: { time: '2018-12-13T14:51:00.000000000Z' } },
    ])
    expect((await post(request('shipping', span({ 'order.id': 'o-1' })))).events).toEqual([])
  })

  test('may come as gzip, and twice', async () => {
    const body = request('payment', span({ 'order.id': 'o-2' }))
    expect((await post(gzipSync(body), { 'content-encoding': 'gzip' })).events).toHaveLength(2)
    const again = await post(body)
    expect(again).toMatchObject({ status: 200, events: [] })
    expect(again.body).toEqual({})
  })

  test('that are covered and make no event are told as rejected and kept in quarantine, and the others are taken', async () => {
    const answer = await post(request('payment', span({ 'payment.amount': '1' }), span({ 'order.id': 'o-3' })))
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({ partialSuccess: { rejectedSpans: '1', errorMessage: expect.stringMatching(/rule capture, span "POST \/payments\/\{id\}": it has no attribute order.id, which subject needs; rule capture-begins/) } })
    expect(answer.events.map(({ subject }) => subject)).toEqual(['undecodable', 'undecodable', 'event.payment.captured', 'event.payment.begins'])
    expect(await post(request('intruder', span({ 'order.id': 'o-3' })))).toMatchObject({
      body: { partialSuccess: { rejectedSpans: '1', errorMessage: expect.stringContaining("Tidemark's own") } }, events: [{ subject: 'undecodable' }],
    })
  })
})

describe('a request that cannot be taken is answered as OTLP says', () => {
  test.each([
    ['Protobuf', new Uint8Array([10, 0]), { 'content-type': 'application/x-protobuf' }, 415, 3, /http\/json/],
    ['no JSON', '{', {}, 400, 3, /not JSON/],
    ['no trace request', '[]', {}, 400, 3, /resourceSpans/],
    ['no gzip', '{}', { 'content-encoding': 'gzip' }, 400, 3, /not gzip/],
    ['more than is read', gzipSync(`{"x":"${'x'.repeat(5_000_000)}"}`), { 'content-encoding': 'gzip' }, 413, 8, /at most 4194304 bytes/],
    ['no token', '{}', { authorization: 'Bearer wrong' }, 401, 16, /token/],
  ])('%s', async (_what, body, headers, status, code, message) => {
    expect(await post(body as BodyInit, headers)).toMatchObject({ status, type: 'application/json', body: { code, message: expect.stringMatching(message) }, events: [] })
  })

  test('no rules', async () => {
    expect(await post('{}', {}, without)).toMatchObject({ status: 404, body: { code: 5, message: expect.stringContaining('TIDEMARK_SPAN_RULES') } })
  })

  test('a full disk: to be sent again', async () => {
    const append = app.log.append.bind(app.log)
    app.log.append = () => Promise.reject(new LogError('backpressure', 'full'))
    const answer = await post(request('payment', span({ 'order.id': 'o-4' })))
    app.log.append = append
    expect(answer).toMatchObject({ status: 503, retryAfter: '1', body: { code: 14 }, events: [] })
  })
})

test('the example of the page works', async () => {
  const [rules] = examplesOf('how-to/take-spans.md', 'json')
  const request = examplesOf('how-to/take-spans.md', 'sh').map((block) => /-d '([^]*)'/.exec(block)?.[1]).find((body) => body !== undefined)
  const file = join(mkdtempSync(join(tmpdir(), 'tidemark-rules-')), 'rules.json')
  writeFileSync(file, rules!)
  const fresh = await startApp({ spanRulesFile: file }, { log: new MemoryLog() })
  try {
    expect(await post(request!, {}, fresh)).toMatchObject({ status: 200, body: {}, events: [{ event: { type: 'payment.captured', subject: 'order-42' } }] })
  } finally {
    await fresh.stop()
  }
})

test('rules that are wrong keep the service from starting', async () => {
  await expect(startApp({ spanRulesFile: '/nowhere/rules.json' }, { log: new MemoryLog() })).rejects.toMatchObject({ code: 'badConfiguration' })
})
