/**
 * Bad input gets one clear message and loses nothing: what was there before is there after it, and goes on. What is wrong with events
 * themselves stands in ingest.test.ts, what keeps the service from starting (a port or a data directory in use) in start-failures.test.ts.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tidemark } from '../cli/run-command.js'
import { faultyOrderModel, orderModel } from '../e2e/drawn-model.js'
import { startApp, type TestApp } from '../support/app.js'
import { TrackerApi } from '../support/tracker-api.js'

const START_TIMEOUT_MS = 120_000
const XML = 'application/xml'
const JSON_TYPE = 'application/json'
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const doctype = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
const bomb = orderModel.replace(/^<\?xml.*\?>/, (declaration) => declaration + doctype).replace('Order done', '&b;')
const foreignMapping = JSON.stringify({ xml: orderModel, mapping: 'process: order\nelements:\n  Nowhere: x.y\n' })
const nobody = '00000000-0000-4000-8000-000000000000'

let app: TestApp
let api: TrackerApi
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-bad-input-'))
  app = await startApp()
  api = new TrackerApi(app.url)
  await api.deploy(orderModel)
  await api.send([{ specversion: '1.0', id: '1', source: '/shop', type: 'order.placed', subject: 'O-1' }])
  await api.settled()
}, START_TIMEOUT_MS)
afterAll(async () => {
  await app?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function call(method: string, path: string, type?: string, body?: string) {
  const sent = { ...(type !== undefined && { headers: { 'content-type': type } }), ...(body !== undefined && { body }) }
  const response = await fetch(`${app.url}/api/v1${path}`, { method, ...sent })
  return { status: response.status, type: response.headers.get('content-type'), body: (await response.json()) as Record<string, unknown> }
}

/** All that a person would miss: what is deployed, where each instance is, which entries but the clock's the log has. */
async function kept() {
  const { events } = await api.status()
  const models = (await api.models()).items.map(({ id, version, versions }) => ({ id, version, versions: versions.length }))
  return { events, models, instances: await api.instances('model=order') }
}

describe('over HTTP', () => {
  const cases: readonly [string, string, string, string | undefined, string | undefined, number, RegExp][] = [
    ['a model that is cut off', 'POST', '/models', XML, orderModel.slice(0, orderModel.length / 2), 422, /not well-formed XML: \d+:\d+/],
    ['a model that is no XML', 'POST', '/models', XML, 'PK\u0003\u0004 this is a zip', 422, /not well-formed|not XML/],
    ['a model that is empty', 'POST', '/models', XML, '', 400, /no model in the request/],
    ['XML that is no BPMN', 'POST', '/models', XML, '<html><body>hello</body></html>', 422, /starts with <html>/],
    ['a model with entities of its own', 'POST', '/models', XML, bomb, 422, /DOCTYPE|entit/i],
    ['a model that cannot be followed', 'POST', '/models', XML, faultyOrderModel, 422, /only be waited for/],
    ['a mapping that names nothing of the model', 'POST', '/models', JSON_TYPE, foreignMapping, 422, /Nowhere/],
    ['a model as text', 'POST', '/models', 'text/plain', orderModel, 415, /content type/],
    ['a model of three megabytes', 'POST', '/models', XML, ' '.repeat(3 * 1024 * 1024), 413, /at most \d+ bytes/],
    ['JSON 5,000 deep where a model should be', 'POST', '/models', JSON_TYPE, deep(5_000), 400, /nested/],
    ['JSON 5,000 deep as a comment on an alert', 'POST', `/alerts/${nobody}/resolve`, JSON_TYPE, deep(5_000), 400, /nested/],
    ['NUL in a comment on a command', 'POST', `/commands/${nobody}/approve`, JSON_TYPE, '{"comment":"a\\u0000b"}', 400, /NUL/],
    ['NUL in a key that is looked for', 'GET', '/instances?key=%00', undefined, undefined, 400, /NUL/],
    ['half a character in a path', 'GET', '/instances/%E0%A4%A', undefined, undefined, 400, /not a valid url/],
    ['the flow of an unknown model', 'GET', '/models/nobody/flow', undefined, undefined, 404, /nobody/],
    ['the file of an unknown version', 'GET', '/models/order/versions/99/xml', undefined, undefined, 404, /99/],
    ['an unknown instance', 'GET', `/instances/${nobody}`, undefined, undefined, 404, /no instance/],
    ['an unknown alert', 'POST', `/alerts/${nobody}/resolve`, JSON_TYPE, '{}', 404, /no alert/],
    ['a filter that does not exist', 'GET', '/instances?modle=order', undefined, undefined, 400, /modle/],
    ['a page that no list gave', 'GET', '/instances?cursor=x', undefined, undefined, 400, /cursor/],
  ]
  test.each(cases)('%s', async (_name, method, path, type, body, status, detail) => {
    const before = await kept()
    const answer = await call(method, path, type, body)
    expect(answer.type).toMatch(/^application\/problem\+json/)
    expect(answer).toMatchObject({ status, body: { status, code: expect.any(String), title: expect.any(String) } })
    expect(JSON.stringify(answer.body)).toMatch(detail)
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.[jt]s:\d|select |syntax error at/)
    expect(await kept()).toEqual(before)
  })

  test('an unknown model in a filter finds nothing, as any other filter', async () => {
    expect(await call('GET', '/instances?model=nobody')).toMatchObject({ status: 200, body: { items: [] } })
  })
})

describe('on the command line', () => {
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }

  test('a broken model: check and deploy say so with exit code 1, and what is deployed stays', async () => {
    const broken = await file('broken.bpmn', orderModel.slice(0, 900))
    const before = await kept()
    for (const ran of [await tidemark('check', broken), await tidemark('deploy', broken, '--url', app.url)]) {
      expect(ran.code).toBe(1)
      expect(ran.stdout + ran.stderr).toMatch(/broken\.bpmn|cannot be/i)
      expect(ran.stdout + ran.stderr).not.toMatch(/\n\s+at /)
    }
    expect(await kept()).toEqual(before)
  })

  test('an import for a model that is not deployed: nothing is sent', async () => {
    const log = await file('orders.csv', 'case,activity,time\nO-9,order.placed,2026-01-01T00:00:00Z\n')
    const before = await kept()
    const ran = await tidemark('import', log, '--model', 'nobody', '--url', app.url)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/nobody/)
    expect(await kept()).toEqual(before)
  })

  test('one bad event among good ones in a file: the message says which, and none is taken', async () => {
    const event = (id: string, more: object = {}) =>
      JSON.stringify({ specversion: '1.0', id, source: '/shop', type: 'order.placed', subject: id, ...more })
    const events = await file('events.jsonl', [event('a'), event('b', { time: 'yesterday' }), event('c')].join('\n'))
    const before = await kept()
    const ran = await tidemark('emit', '--file', events, '--url', app.url)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(/Event 1 .*time/)
    expect(ran.stderr).not.toMatch(/\n\s+at /)
    expect(await kept()).toEqual(before)
  })
})

test('after all of it the next good event is followed as if nothing had been', async () => {
  await api.send([{ specversion: '1.0', id: '2', source: '/shop', type: 'payment.received', subject: 'O-1' }])
  await api.settled()
  expect(await api.instances('model=order')).toMatchObject([{ key: 'O-1', status: 'active', deviations: 0, tokens: [{ element: 'ship' }] }])
})
