import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSpanRules } from './rules.js'
import { eventOf } from './span-event.js'
import { type Span, spansOf } from './span.js'

const span = (more: Partial<Omit<Span, 'attributes'>> = {}, attributes: Record<string, unknown> = {}): Span => ({
  traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', name: 'POST /payments/42', kind: 'server', status: 'unset',
  startNanos: 1_544_712_660_000_000_001n, endNanos: 1_544_712_661_123_456_789n, ...more,
  attributes: new Map(Object.entries({ 'service.name': 'payment', 'order.id': 'o-1', 'amount.total': 12.5, ok: true, ...attributes })),
})
const write = (content: unknown): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'tidemark-rules-')), 'rules.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}
const rule = (more: object = {}, event: object = {}) => readSpanRules(write({ rules: [{ name: 'paid', ...more, event: { type: 'payment.captured', subject: '{order.id}', ...event } }] }))[0]!

describe('a rule covers', () => {
  test.each([
    [{}, true], [{ service: 'payment' }, true], [{ service: 'pay' }, false], [{ service: 'pay*' }, true],
    [{ span: 'POST /payments/*' }, true], [{ span: '*/payments/*2' }, true], [{ span: 'POST*POST*' }, false], [{ span: '*' }, true], [{ span: 'POST /payments/42*42' }, false],
    [{ kind: 'server' }, true], [{ kind: ['client', 'producer'] }, false], [{ status: ['ok', 'unset'] }, true], [{ status: 'error' }, false],
    [{ attributes: { 'order.id': '*' } }, true], [{ attributes: { 'order.id': 'o-*', ok: true, 'amount.total': 12.5 } }, true],
    [{ attributes: { 'customer.id': '*' } }, false], [{ attributes: { ok: 'true' } }, true], [{ attributes: { ok: false } }, false],
  ])('%j: %s', (more, expected) => {
    expect(rule(more).covers(span())).toBe(expected)
  })
})

describe('a rule makes an event', () => {
  test('with the id of trace, span and rule, to the nanosecond', () => {
    expect(eventOf(span(), rule({}, { data: ['amount.total', 'not there', 'ok'] }))).toEqual({
      event: {
        specversion: '1.0', id: '5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-paid', source: '/otel/payment', type: 'payment.captured', subject: 'o-1',
        time: '2018-12-13T14:51:01.123456789Z', traceparent: '00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01',
        datacontenttype: 'application/json', data: { 'amount.total': 12.5, ok: true },
      },
    })
  })

  test('at its start, with a type and source made of attributes', () => {
    expect(eventOf(span(), rule({}, { time: 'start', type: 'pay.{ok}', source: '/x/{span.name}' }))).toMatchObject({ event: { time: '2018-12-13T14:51:00.000000001Z', type: 'pay.true', source: '/x/POST /payments/42' } })
  })

  test.each([
    ['no key', span({}, { 'order.id': null }), /no attribute order.id, which subject needs/],
    ['no end', span({ endNanos: undefined }), /no end time/],
    ['an end beyond all years', span({ endNanos: 18_446_744_073_709_551_615_000n }), /no end time/],
    ['no trace', span({ traceId: '' }), /32 and 16 hexadecimal digits/],
  ])('not of a span with %s', (_what, one, fault) => {
    expect(eventOf(one, rule())).toMatchObject({ fault: expect.stringMatching(fault) })
  })
})

test('spans are read as the encoding has them, and unknown fields passed over', () => {
  const [one, two] = spansOf({
    resourceSpans: [{
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'a' } }, { key: 'n', value: { intValue: '1' } }] }, schemaUrl: 'x',
      scopeSpans: [{
        scope: { name: 'lib' }, spans: [
          {
            traceId: '5B8EFFF798038103D269B633813FC60C', spanId: 'EEE19B7EC3C1B174', name: 'x', kind: 2, startTimeUnixNano: '1544712660000000000', endTimeUnixNano: 1544712661000, new: 1,
            status: { code: 2 }, attributes: [
              { key: 'n', value: { intValue: 7 } }, { key: 'big', value: { intValue: '9223372036854775807' } }, { key: 'list', value: { arrayValue: { values: [{ boolValue: true }, {}] } } },
              { key: 'map', value: { kvlistValue: { values: [{ key: 'd', value: { doubleValue: 0.5 } }] } } },
            ],
          },
          { traceId: '0'.repeat(32), kind: 'SPAN_KIND_CONSUMER' },
        ],
      }],
    }],
  })
  expect(one).toMatchObject({ traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', kind: 'server', status: 'error', startNanos: 1_544_712_660_000_000_000n, endNanos: 1_544_712_661_000n })
  expect(Object.fromEntries(one!.attributes)).toEqual({ 'service.name': 'a', n: 7, big: '9223372036854775807', list: [true, null], map: { d: 0.5 } })
  expect(two).toMatchObject({ traceId: '', spanId: '', kind: 'consumer', name: '', startNanos: undefined })
  expect(() => spansOf({ resourceSpans: [{ scopeSpans: 'x' }] })).toThrow(/scopeSpans/)
  expect(() => spansOf([])).toThrow(/resourceSpans/)
})

test.each([
  ['{', /is not JSON/], [{ rules: [] }, /rules: /], [{ rules: [{ name: 'A b', event: { type: 't', subject: 's' } }] }, /rules\.0\.name: must be lower-case/],
  [{ rules: [{ name: 'a', events: {} }] }, /rules\.0/], [{ rules: [{ name: 'a', kind: 'sever', event: { type: 't', subject: 's' } }] }, /rules\.0\.kind/],
  [{ rules: [1, 2].map(() => ({ name: 'a', event: { type: 't', subject: 's' } })) }, /two are called a/],
])('a file that is wrong is told with its place: %j', (content, message) => {
  expect(() => readSpanRules(write(content))).toThrow(message)
})

test('a file that is not there is told', () => {
  expect(() => readSpanRules('/nowhere/rules.json')).toThrow(/TIDEMARK_SPAN_RULES: the file \/nowhere\/rules.json is wrong:\n {2}- cannot be read \(ENOENT\)/)
})
