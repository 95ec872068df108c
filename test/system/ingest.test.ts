import { MemoryLog } from '@tidemark/log'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'

let app: TestApp

beforeAll(async () => {
  app = await startApp({}, { log: new MemoryLog() })
})
afterAll(() => app.stop())

const STRUCTURED = 'application/cloudevents+json'
const BATCH = 'application/cloudevents-batch+json'
let count = 0
const event = (more: object = {}) => ({ specversion: '1.0', id: `e-${(count += 1)}`, source: '/test', type: 'order.placed', ...more })

async function post(body: BodyInit, type: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${app.url}/api/v1/events`, { method: 'POST', body, headers: { 'content-type': type, ...headers } })
  return { status: response.status, type: response.headers.get('content-type'), headers: response.headers, body: (await response.json()) as { position?: string; errors?: object[] } & Record<string, unknown> }
}

async function lastEntry() {
  const [entry] = await app.log.lookup([app.log.stats().last])
  return entry!
}

describe('an event is taken', () => {
  test('in structured mode, and stands in the log byte by byte as it came', async () => {
    const text = JSON.stringify(event({ time: '2026-03-01T12:00:00.5+02:00', subject: 'o-1', data: { total: 12, big: 1 } })).replace('"big":1', '"big":12345678901234567890')
    const answer = await post(text, STRUCTURED)
    expect(answer).toMatchObject({ status: 202, body: { accepted: 1, duplicates: 0, position: String(app.log.stats().last) } })
    const entry = await lastEntry()
    expect(entry).toMatchObject({ kind: 'event', subject: 'event.order.placed', time: Date.UTC(2026, 2, 1, 10, 0, 0, 500) })
    expect(entry.key).toBe(`/test\0e-${count}`)
    expect(Buffer.from(entry.payload).toString()).toBe(text)
  })

  test('in batches, in the order they stand in it', async () => {
    const events = [event({ data: [{ x: ']}' }] }), event({ type: 'a.b' }), event()]
    expect(await post(JSON.stringify(events, null, 2), BATCH)).toMatchObject({ status: 202, body: { accepted: 3, duplicates: 0 } })
    expect(JSON.parse(Buffer.from((await lastEntry()).payload).toString())).toEqual(events[2])
  })

  test('in binary mode, whatever its data is', async () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': 'b%2D1', 'ce-source': '/bin', 'ce-type': 'order.paid', 'ce-traceparent': '00-x', 'ce-subject': 'caf%C3%A9' }
    expect(await post('{"amount":10.50}', 'application/json; charset=utf-8', headers)).toMatchObject({ status: 202 })
    const entry = await lastEntry()
    expect(entry.key).toBe('/bin\0b-1')
    expect(JSON.parse(Buffer.from(entry.payload).toString())).toEqual({
      specversion: '1.0', id: 'b-1', source: '/bin', type: 'order.paid', traceparent: '00-x', subject: 'café', datacontenttype: 'application/json; charset=utf-8', data: { amount: 10.5 },
    })
    expect(await post('hello', 'text/plain', { ...headers, 'ce-id': 'b2' })).toMatchObject({ status: 202 })
    expect(JSON.parse(Buffer.from((await lastEntry()).payload).toString())).toMatchObject({ data: 'hello' })
    expect(await post(new Uint8Array([0, 255, 1]), 'application/octet-stream', { ...headers, 'ce-id': 'b3' })).toMatchObject({ status: 202 })
    expect(JSON.parse(Buffer.from((await lastEntry()).payload).toString())).toMatchObject({ data_base64: 'AP8B' })
  })

  test('as plain JSON, one or many, and in another charset that it names', async () => {
    expect(await post(JSON.stringify(event()), 'application/json')).toMatchObject({ status: 202, body: { accepted: 1 } })
    expect(await post(JSON.stringify([event(), event()]), 'application/json')).toMatchObject({ status: 202, body: { accepted: 2 } })
    const latin = Buffer.from(JSON.stringify(event({ subject: 'café' })), 'latin1')
    expect(await post(latin, `${STRUCTURED}; charset=iso-8859-1`)).toMatchObject({ status: 202 })
    expect(JSON.parse(Buffer.from((await lastEntry()).payload).toString())).toMatchObject({ subject: 'café' })
  })

  test('once: what was sent before is counted as a duplicate', async () => {
    const text = JSON.stringify(event())
    const first = await post(text, STRUCTURED)
    expect(await post(text, STRUCTURED)).toMatchObject({ status: 202, body: { accepted: 0, duplicates: 1, position: first.body.position } })
  })

  test('with attributes that are null left out, and an empty batch as nothing', async () => {
    await post(JSON.stringify(event({ subject: null, time: null, data: null })), STRUCTURED)
    expect(JSON.parse(Buffer.from((await lastEntry()).payload).toString())).not.toHaveProperty('subject')
    expect(await post('[]', BATCH)).toMatchObject({ status: 202, body: { accepted: 0, duplicates: 0 } })
  })
})

describe('an event is refused, and nothing is kept', () => {
  const deep = (levels: number) => `{"specversion":"1.0","id":"d","source":"/","type":"t","data":${'['.repeat(levels)}${']'.repeat(levels)}}`
  const withData = (data: string) => `{"specversion":"1.0","id":"x","source":"/","type":"t","data":${data}}`
  const cases: [string, string | Uint8Array, string, number, RegExp, object?][] = [
    ['without an id', JSON.stringify({ ...event(), id: undefined }), STRUCTURED, 400, /id is missing/, { attribute: 'id' }],
    ['with an empty source', JSON.stringify(event({ source: '' })), STRUCTURED, 400, /source must not be empty/, { attribute: 'source' }],
    ['of another version', JSON.stringify(event({ specversion: '0.3' })), STRUCTURED, 400, /specversion must be "1.0"/, { attribute: 'specversion' }],
    ['with a time that is none', JSON.stringify(event({ time: 'yesterday' })), STRUCTURED, 400, /RFC 3339/, { attribute: 'time' }],
    ['on the 30th of February', JSON.stringify(event({ time: '2026-02-30T00:00:00Z' })), STRUCTURED, 400, /RFC 3339/, { attribute: 'time' }],
    ['with a type of ours', JSON.stringify(event({ type: 'tidemark.approve' })), STRUCTURED, 400, /Tidemark's own/, { attribute: 'type' }],
    ['with a structured extension', JSON.stringify(event({ extra: {} })), STRUCTURED, 400, /belongs into data/, { attribute: 'extra' }],
    ['with an attribute name in capitals', JSON.stringify(event({ traceParent: 'x' })), STRUCTURED, 400, /lower-case/, { attribute: 'traceParent' }],
    ['with data twice', JSON.stringify(event({ data: 1, data_base64: 'AA==' })), STRUCTURED, 400, /exclude each other/, { attribute: 'data_base64' }],
    ['with one bad event in a batch', JSON.stringify([event(), event({ id: 5 }), event()]), BATCH, 400, /Event 1 of the batch: id must be a string\. Nothing of the batch was taken/, { index: 1, attribute: 'id' }],
    ['with something in a batch that is no event', JSON.stringify([event(), 3]), BATCH, 400, /Event 1 of the batch is not a JSON object/, { index: 1 }],
    ['as an array in structured mode', '[]', STRUCTURED, 400, /is an array/],
    ['as an object in batch mode', JSON.stringify(event()), BATCH, 400, /is not an array/],
    ['that is not JSON', '{"specversion":', STRUCTURED, 400, /not JSON/],
    ['that is empty', '', STRUCTURED, 400, /empty/],
    ['with a NUL character', withData('"a\\u0000b"'), STRUCTURED, 400, /NUL/],
    ['with a NUL character in a key', withData('{"a\\u0000":1}'), STRUCTURED, 400, /NUL/],
    ['with half a surrogate pair', withData('"\\ud800"'), STRUCTURED, 400, /surrogate/],
    ['nested 5,000 deep', deep(5_000), STRUCTURED, 400, /nested deeper than 64/],
    ['with __proto__', withData('{"__proto__":{"admin":true}}'), STRUCTURED, 400, /__proto__/],
    ['with an escaped __proto__', withData('{"\\u005f_proto__":1}'), STRUCTURED, 400, /__proto__/],
    ['with a number beyond a double', withData('1e400'), STRUCTURED, 400, /too large/],
    ['with a very long number', withData('9'.repeat(400)), STRUCTURED, 400, /too large/],
    ['that is not UTF-8', Buffer.concat([Buffer.from(withData('"')), Buffer.from([0xff]), Buffer.from('"}')]), STRUCTURED, 400, /UTF-8/],
    ['of more than a megabyte', withData(`"${'x'.repeat(1_100_000)}"`), STRUCTURED, 413, /at most 1048576 bytes/],
    ['of more than what is read at all', withData(`"${'x'.repeat(3_000_000)}"`), STRUCTURED, 413, /at most 2621440 bytes, and a request of events at most 1048576/],
    ['with more than 1,000 events', JSON.stringify(Array.from({ length: 1_001 }, () => event())), BATCH, 413, /at most 1000 events/],
    ['in a format we do not read', 'x', 'application/cloudevents+avro', 415, /is not taken/],
    ['in no format', 'x', 'application/x-thing', 415, /Events come as/],
    ['in a charset nobody knows', JSON.stringify(event()), `${STRUCTURED}; charset=klingon`, 415, /klingon/],
  ]
  test.each(cases)('%s', async (_name, body, type, status, detail, error) => {
    const before = app.log.stats().last
    const answer = await post(body as BodyInit, type)
    expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { status, code: expect.any(String), detail: expect.stringMatching(detail) } })
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.ts:|select /)
    if (error !== undefined) expect(answer.body.errors?.[0]).toMatchObject(error)
    expect(app.log.stats().last).toBe(before)
  })

  test('in binary mode with data that is not the JSON it claims to be', async () => {
    const answer = await post('{', 'application/json', { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/', 'ce-type': 't' })
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalidJson' } })
  })

  test('with 503 and Retry-After while the log takes no more', async () => {
    const { LogError } = await import('@tidemark/log')
    const append = app.log.append.bind(app.log)
    app.log.append = () => Promise.reject(new LogError('backpressure', 'full'))
    const answer = await post(JSON.stringify(event()), STRUCTURED)
    app.log.append = append
    expect(answer).toMatchObject({ status: 503, body: { code: 'backpressure' } })
    expect(answer.headers.get('retry-after')).toBe('1')
  })
})

test('the handshake of CloudEvents webhooks is answered', async () => {
  const response = await fetch(`${app.url}/api/v1/events`, { method: 'OPTIONS', headers: { 'webhook-request-origin': 'events.example.com' } })
  expect(response.status).toBe(200)
  expect(response.headers.get('webhook-allowed-origin')).toBe('events.example.com')
  expect(response.headers.get('webhook-allowed-rate')).toBe('*')
})

test('a body that is cut off gets 400 or a closed connection, and keeps nothing', async () => {
  const before = app.log.stats().last
  await new Promise<void>((resolve) => {
    const cut = request(`${app.url}/api/v1/events`, { method: 'POST', headers: { 'content-type': STRUCTURED, 'content-length': '500' } })
    cut.on('error', () => resolve())
    cut.write('{"specversion":"1.0"', () => cut.destroy())
    cut.on('close', () => resolve())
  })
  expect(app.log.stats().last).toBe(before)
})
