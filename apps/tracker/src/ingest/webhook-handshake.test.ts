import { expect, test } from 'vitest'
import { consentTo } from './webhook-handshake.js'

test('whoever asks gets consent where anybody may send, and its own name back', () => {
  expect(consentTo('EventEmitter.Example.com', ['*'])).toEqual({ allow: 'POST, OPTIONS', 'webhook-allowed-origin': 'EventEmitter.Example.com', 'webhook-allowed-rate': '*' })
})

test('who does not ask gets none', () => {
  expect(consentTo(undefined, ['*'])).toEqual({ allow: 'POST, OPTIONS' })
})

test.each([['events.example.com', true], ['EVENTS.example.com', true], ['a.b.example.org', true], ['example.org', false], ['notexample.org', false], ['events.example.com.evil.net', false], ['', false]])(
  '%j against a list: %s',
  (origin, may) => {
    const ask = () => consentTo(origin, ['events.example.com', '*.example.org'])
    if (may) expect(ask()['webhook-allowed-origin']).toBe(origin)
    else expect(ask).toThrow(/TIDEMARK_EVENT_ORIGINS/)
  },
)
