import { describe, expect, test } from 'vitest'
import { refusalOf, type Knock } from './access.js'

const open = { host: '127.0.0.1' }
const guarded = { host: '0.0.0.0', token: 'a token of some length' }
const knock = (method: string, path: string, headers: Knock['headers'] = {}): Knock => ({ method, path, headers: { host: '127.0.0.1:3000', ...headers } })
const json = { 'content-type': 'application/json' }
const approve = '/api/v1/commands/1/approve'
const code = (request: Knock, settings: { host: string; token?: string } = open) => refusalOf(request, settings)?.code

describe('without a token, on a loopback address', () => {
  test.each([
    ['a person\'s curl', knock('POST', approve, json)],
    ['our own page', knock('POST', approve, { ...json, origin: 'http://127.0.0.1:3000' })],
    ['our own page under the other name', knock('POST', approve, { ...json, host: 'localhost:3000', origin: 'http://localhost:3000' })],
    ['IPv6', knock('GET', '/', { host: '[::1]:3000' })],
    ['a form of our own page', knock('POST', '/api/v1/models', { 'content-type': 'multipart/form-data; boundary=x', origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-origin' })],
    ['curl with a file', knock('POST', '/api/v1/models', { 'content-type': 'multipart/form-data; boundary=x' })],
    ['an event in binary mode, whatever its data is', knock('POST', '/api/v1/events', { 'content-type': 'text/plain', 'ce-id': '1' })],
  ])('%s may pass', (_who, request) => {
    expect(refusalOf(request, open)).toBeUndefined()
  })

  test.each([
    ['a name that somebody pointed at this machine', knock('GET', '/api/v1/instances', { host: 'evil.example:3000' }), 'forbiddenHost'],
    ['a name that only begins like ours', knock('GET', '/', { host: '127.0.0.1.evil.example' }), 'forbiddenHost'],
    ['no name at all', knock('GET', '/', { host: '' }), 'forbiddenHost'],
    ['a page of another site', knock('POST', approve, { ...json, origin: 'https://evil.example' }), 'forbiddenOrigin'],
    ['a page on another port of this machine', knock('POST', approve, { ...json, origin: 'http://127.0.0.1:8080' }), 'forbiddenOrigin'],
    ['a page without an origin of its own', knock('POST', approve, { ...json, origin: 'null' }), 'forbiddenOrigin'],
    ['a form', knock('POST', approve, { 'content-type': 'application/x-www-form-urlencoded' }), 'unsupportedMediaType'],
    ['a form of text', knock('POST', approve, { 'content-type': 'text/plain; charset=utf-8' }), 'unsupportedMediaType'],
    ['a post of nothing', knock('POST', approve), 'unsupportedMediaType'],
    ['a form with a file from another site, in a browser that hides where it comes from', knock('POST', '/api/v1/models', { 'content-type': 'multipart/form-data; boundary=x', 'sec-fetch-site': 'cross-site' }), 'forbiddenOrigin'],
  ])('%s may not', (_who, request, expected) => {
    expect(code(request)).toBe(expected)
  })
})

describe('with a token', () => {
  const bearer = { authorization: `Bearer ${guarded.token}`, host: 'tidemark.example' }

  test('whoever brings it may pass under any name, and do what needs a body', () => {
    expect(code(knock('POST', approve, { ...json, ...bearer }), guarded)).toBeUndefined()
    expect(code(knock('POST', approve, { ...bearer, 'content-type': 'text/plain' }), guarded)).toBe('unsupportedMediaType')
  })

  test.each([undefined, 'Bearer', 'Bearer wrong', `Basic ${guarded.token}`, `Bearer ${guarded.token}x`, `Bearer ${guarded.token.slice(1)}`])('%j is not it', (authorization) => {
    for (const path of ['/api/v1/instances', approve, '/metrics', '/openapi.json', '/api']) expect(code(knock('GET', path, { authorization }), guarded)).toBe('unauthorized')
    expect(code(knock('POST', '/api/v1/events', { ...json, authorization }), guarded)).toBe('unauthorized')
  })

  test('health checks, the pages and the handshake of webhooks need none', () => {
    for (const path of ['/health/live', '/health/ready', '/', '/assets/app.js', '/instances/1']) expect(code(knock('GET', path), guarded)).toBeUndefined()
    expect(code(knock('OPTIONS', '/api/v1/events'), guarded)).toBeUndefined()
  })
})
