import { MemoryLog } from '@tidemark/log'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'

const token = 'a token of some length'
let open: TestApp
let guarded: TestApp

beforeAll(async () => {
  open = await startApp({}, { log: new MemoryLog() })
  guarded = await startApp({ token }, { log: new MemoryLog() })
})
afterAll(async () => {
  await open?.stop()
  await guarded?.stop()
})

/** As fetch, but with headers that browsers and fetch set themselves. */
function send(url: string, path: string, { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const call = request(`${url}${path}`, { method, headers }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: text }))
    })
    call.on('error', reject)
    call.end(body)
  })
}

describe('a web page cannot act for the person who looks at it', () => {
  const approve = '/api/v1/commands/00000000-0000-4000-8000-000000000000/approve'

  test.each([
    ['under a name that it pointed at this machine', { host: 'evil.example', 'content-type': 'application/json' }, 403, 'forbiddenHost'],
    ['from its own origin', { origin: 'https://evil.example', 'content-type': 'application/json' }, 403, 'forbiddenOrigin'],
    ['with a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupportedMediaType'],
    ['with a form of text', { 'content-type': 'text/plain' }, 415, 'unsupportedMediaType'],
  ])('%s', async (_how, headers, status, code) => {
    const answer = await send(open.url, approve, { method: 'POST', headers, body: '{}' })
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body)).toMatchObject({ code })
  })

  test('nor may another origin read', async () => {
    const answer = await send(open.url, '/api/v1/instances', { headers: { origin: 'https://evil.example' } })
    expect(answer.status).toBe(403)
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('with a token', () => {
  test('the API asks for it, health and pages do not', async () => {
    expect(await send(guarded.url, '/api/v1/status')).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } })
    expect(await send(guarded.url, '/api/v1/status', { headers: { authorization: `Bearer ${token}` } })).toMatchObject({ status: 200 })
    expect((await send(guarded.url, '/')).status).not.toBe(401)
    expect((await send(guarded.url, '/health/live')).status).not.toBe(401)
  })
})

describe('every answer', () => {
  test.each(['/', '/api/v1/status', '/api/v1/nothing', '/api/v1/models/%E0%A4%A'])('%s carries what browsers need to know', async (path) => {
    const { headers } = await send(open.url, path)
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'content-security-policy': expect.stringContaining("default-src 'self'") })
  })

  test.each([
    ['an unknown path', 'GET', '/api/v1/nothing', 404],
    ['an unknown path, posted to', 'POST', '/api/v1/nothing', 404],
    ['a broken escape', 'GET', '/api/v1/models/%E0%A4%A', 400],
    ['a NUL in a query', 'GET', '/api/v1/instances?model=a%00b', 400],
    ['a path that climbs', 'GET', '/..%2f..%2fpackage.json', 200],
    ['JSON that is none', 'POST', '/api/v1/models', 400],
  ])('%s is answered in one shape', async (_what, method, path, status) => {
    const answer = await send(open.url, path, { method, headers: method === 'POST' ? { 'content-type': 'application/json' } : {}, body: method === 'GET' ? '' : status === 404 ? '{}' : '{' })
    // A path that is no file of ours is a view of the one page, whatever it looks like (503 where the pages are not built).
    if (status === 200) return expect(answer.body).not.toContain('workspaces')
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' } })
    expect(JSON.parse(answer.body)).toMatchObject({ status, code: expect.any(String), detail: expect.any(String) })
    expect(answer.body).not.toMatch(/node_modules|select |\n\s+at /)
  })

  test('a fault nobody foresaw is 500 without a word of itself', async () => {
    const query = open.foundation.database.query
    open.foundation.database.query = () => Promise.reject(new Error('relation "secret_table" does not exist'))
    const answer = await send(open.url, '/api/v1/models')
    open.foundation.database.query = query
    expect(answer).toMatchObject({ status: 500, body: expect.stringContaining('"internal"') })
    expect(answer.body).not.toContain('secret_table')
  })
})
