import { gzipSync } from 'node:zlib'
import { MemoryLog } from '@tidemark/log'
import { CloudEvent, emitterFor, HTTP, httpTransport, Mode } from 'cloudevents'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'

/**
 * The cases of the CloudEvents conformance suite for HTTP (https://github.com/cloudevents/conformance), and those MUSTs of the specification and
 * its HTTP, JSON and webhook documents that concern a receiver. The SDK for JavaScript is the foreign producer, where it can say what is to
 * be said: it cuts times to milliseconds, and so those are sent by hand. docs/reference/cloudevents.md lists what is met, by the names here.
 */
let app: TestApp
beforeAll(async () => {
  app = await startApp({ eventOrigins: ['*.example.com'] }, { log: new MemoryLog() })
})
afterAll(() => app.stop())

const events = () => `${app.url}/api/v1/events`
let sent = 0

/** Posts and answers what then stands last in the log. */
async function post(headers: Record<string, string>, body: BodyInit): Promise<Record<string, unknown>> {
  const before = app.log.stats().last
  const response = await fetch(events(), { method: 'POST', headers, body })
  expect(response.status, await response.clone().text()).toBe(202)
  expect(app.log.stats().last).toBeGreaterThan(before)
  const [entry] = await app.log.lookup([app.log.stats().last])
  return JSON.parse(Buffer.from(entry!.payload).toString()) as Record<string, unknown>
}

async function refused(headers: Record<string, string>, body: BodyInit): Promise<{ status: number; errors?: { attribute?: string }[]; detail: string }> {
  const before = app.log.stats().last
  const response = await fetch(events(), { method: 'POST', headers, body })
  expect(app.log.stats().last).toBe(before)
  return (await response.json()) as { status: number; detail: string }
}

const binary = (more: Record<string, string> = {}) => ({ 'ce-specversion': '1.0', 'ce-id': `b-${(sent += 1)}`, 'ce-source': '/mycontext', 'ce-type': 'com.example.someevent', 'content-type': 'application/json', ...more })

describe('events of the SDK arrive as they were made', () => {
  const full = () => new CloudEvent({
    id: `sdk-${(sent += 1)}`, source: 'https://example.com/orders?a=1#f', type: 'com.example.order.placed', subject: 'Größe/№ 5 "x" 50% \u{1F600}', time: '2026-03-01T12:00:00.123Z',
    dataschema: 'https://example.com/schema', datacontenttype: 'application/json', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', count: 7, yes: true, data: { amount: 12.5, who: 'Łukasz' },
  })

  test('in structured mode', async () => {
    const event = full()
    const { headers, body } = HTTP.structured(event)
    expect(await post(headers as Record<string, string>, body as string)).toEqual(event.toJSON())
  })

  test('in binary mode, where every attribute is text', async () => {
    const event = full()
    const { headers, body } = HTTP.binary(event)
    const encoded = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, name === 'ce-subject' ? encodeURIComponent(event.subject!) : String(value)]))
    const taken = await post(encoded, body as string)
    expect(taken).toEqual({ ...(JSON.parse(JSON.stringify(event)) as object), count: '7', yes: 'true', datacontenttype: expect.stringMatching(/^application\/json/) })
  })

  test('in a batch', async () => {
    const batch = [full(), full(), full()]
    const before = app.log.stats().last
    await post({ 'content-type': 'application/cloudevents-batch+json; charset=utf-8' }, JSON.stringify(batch))
    expect(app.log.stats().last).toBe(before + 3n)
  })

  test.each([Mode.BINARY, Mode.STRUCTURED])('through its own transport, %s', async (mode) => {
    const before = app.log.stats().last
    const emit = emitterFor(httpTransport(events()), { mode })
    await emit(new CloudEvent({ id: `t-${(sent += 1)}`, source: '/sdk', type: 'sdk.sent', data: { n: 1 } }))
    expect(app.log.stats().last).toBe(before + 1n)
  })

  test('with bytes as data', async () => {
    const event = new CloudEvent({ id: `bytes-${(sent += 1)}`, source: '/sdk', type: 'sdk.bytes', datacontenttype: 'application/octet-stream', data_base64: Buffer.from([0, 1, 254, 255]).toString('base64') })
    const taken = await post({ 'content-type': 'application/cloudevents+json' }, JSON.stringify({ ...event.toJSON(), data: undefined, data_base64: 'AAH+/w==' }))
    expect(taken['data_base64']).toBe('AAH+/w==')
  })
})

describe('the conformance cases', () => {
  test('binary mode with a JSON body', async () => {
    const headers = binary({ 'ce-time': '2018-04-05T03:56:24Z', 'content-type': 'application/json; charset=utf-8' })
    expect(await post(headers, '{"message": "Hello World!"}')).toEqual({
      specversion: '1.0', id: headers['ce-id'], source: '/mycontext', type: 'com.example.someevent', time: '2018-04-05T03:56:24Z',
      datacontenttype: 'application/json; charset=utf-8', data: { message: 'Hello World!' },
    })
  })

  test.each(['application/cloudevents+json', 'application/cloudevents+json; charset=utf-8', 'application/CloudEvents+JSON;charset="UTF-8"'])('structured mode as %s', async (type) => {
    const event = { specversion: '1.0', id: `s-${(sent += 1)}`, type: 'com.example.someevent', time: '2018-04-05T03:56:24Z', source: '/mycontext', datacontenttype: 'application/json', data: { message: 'Hello \u{1F600}' } }
    expect(await post({ 'content-type': type }, JSON.stringify(event))).toEqual(event)
  })

  test.each([
    '2018-04-05T03:56:24Z', '2018-04-05T03:56:24.123456789Z', '2018-04-05T03:56:24.1+02:00', '2018-04-05t03:56:24z', '2016-12-31T23:59:60Z', '2018-04-05T03:56:24.000000-00:00',
  ])('the time %s is kept to the letter, in both modes', async (time) => {
    expect((await post(binary({ 'ce-time': time }), '1'))['time']).toBe(time)
    const event = { specversion: '1.0', id: `time-${(sent += 1)}`, source: '/t', type: 't', time }
    expect((await post({ 'content-type': 'application/cloudevents+json' }, JSON.stringify(event)))['time']).toBe(time)
  })

  test.each(['2018-04-05', '2018-04-05T03:56:24', '2018-13-05T03:56:24Z', '2018-04-05T24:00:00Z', '5 April 2018', '1522900584', ''])('%j is no time', async (time) => {
    expect(await refused(binary({ 'ce-time': time }), '1')).toMatchObject({ status: 400, errors: [{ attribute: 'time' }] })
  })
})

describe('headers', () => {
  test.each([
    ['escaped', 'Gr%C3%B6%C3%9Fe%20%F0%9F%98%80', 'Größe \u{1F600}'],
    ['bare UTF-8', Buffer.from('Größe').toString('latin1'), 'Größe'],
    ['quoted', '"a \\"b\\" c"', 'a "b" c'],
    ['an escaped per cent, which is not escaped twice', 'a%2525', 'a%25'],
    ['in small hexadecimal digits', 'caf%c3%a9', 'café'],
  ])('are read: %s', async (_how, header, value) => {
    expect((await post(binary({ 'ce-subject': header }), '1'))['subject']).toBe(value)
  })

  test('in any case mean the same', async () => {
    expect(await post({ 'CE-SpecVersion': '1.0', 'Ce-Id': `case-${(sent += 1)}`, 'CE-SOURCE': '/c', 'ce-Type': 'c', 'Content-Type': 'text/plain' }, 'x')).toMatchObject({ source: '/c', data: 'x' })
  })

  test('that name the data, or break off in an escape, are refused', async () => {
    expect(await refused(binary({ 'ce-data': '{}' }), '1')).toMatchObject({ status: 400, errors: [{ attribute: 'ce-data' }] })
    expect(await refused(binary({ 'ce-subject': '%C3' }), '1')).toMatchObject({ status: 400, errors: [{ attribute: 'ce-subject' }] })
  })

  test('name an attribute once: the content type goes before a header of the same meaning', async () => {
    expect((await post(binary({ 'ce-datacontenttype': 'text/x-other' }), '{"a":1}'))['datacontenttype']).toBe('application/json')
  })

  test.each(['specversion', 'id', 'source', 'type'])('without %s are refused, and nothing is invented', async (name) => {
    const { [`ce-${name}` as 'ce-id']: _gone, ...rest } = binary({ 'ce-subject': 's' })
    const answer = await refused(rest, '1')
    // Without the two that tell binary mode apart it is a plain body, which then is no event.
    expect(answer.status).toBe(400)
    expect(answer.detail).toContain(`${name} is missing`)
  })
})

describe('bodies', () => {
  test('an event with neither data nor content type is whole', async () => {
    const { 'content-type': _none, ...headers } = binary()
    const response = await fetch(events(), { method: 'POST', headers })
    expect(response.status).toBe(202)
  })

  test('may come as gzip, and are bounded when unpacked', async () => {
    const event = (data: string) => JSON.stringify({ specversion: '1.0', id: `gz-${(sent += 1)}`, source: '/gz', type: 'gz', data })
    const headers = { 'content-type': 'application/cloudevents+json', 'content-encoding': 'gzip' }
    expect(await post(headers, gzipSync(event('hello')))).toMatchObject({ data: 'hello' })
    expect(await refused(headers, gzipSync(event('x'.repeat(2_000_000))))).toMatchObject({ status: 413, detail: expect.stringContaining('at most 1048576 bytes') })
    expect(await refused(headers, event('not packed'))).toMatchObject({ status: 400 })
    expect(await refused({ ...headers, 'content-encoding': 'br' }, event('x'))).toMatchObject({ status: 415 })
  })

  test('of 64 KiB pass, which every intermediary must let through', async () => {
    expect(await post(binary(), JSON.stringify('x'.repeat(65_000)))).toHaveProperty('data')
  })
})

describe('the handshake of webhooks', () => {
  const ask = (headers: Record<string, string>) => fetch(events(), { method: 'OPTIONS', headers })

  test('gives consent to an origin of the list, with a rate', async () => {
    const answer = await ask({ 'webhook-request-origin': 'eventemitter.example.com', 'webhook-request-rate': '120' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('webhook-allowed-origin')).toBe('eventemitter.example.com')
    expect(answer.headers.get('webhook-allowed-rate')).toBe('*')
    expect(answer.headers.get('allow')).toContain('POST')
  })

  test('gives none to others, and opens nothing to web pages', async () => {
    const answer = await ask({ 'webhook-request-origin': 'example.org' })
    expect(answer.status).toBe(403)
    expect(answer.headers.get('webhook-allowed-origin')).toBeNull()
    const preflight = await ask({ origin: 'https://page.example.com', 'access-control-request-method': 'POST' })
    expect(preflight.status).toBe(403)
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
  })
})
