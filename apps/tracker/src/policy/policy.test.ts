import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, test } from 'vitest'
import type { Policy } from './policy.js'
import { readPolicy } from './read-policy.js'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-policy-'))
const KEY = 'a key of more than sixteen characters'
let files = 0

afterAll(() => rmSync(folder, { recursive: true }))

function policy(content: unknown, key: string | undefined = KEY): Policy {
  const path = join(folder, `${(files += 1)}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return readPolicy(path, key)
}

const envelope = { specversion: '1.0', id: '1', source: '/shop', type: 'payment.received' }

/** What is stored of an event: the parsed payload, or what became of it. */
function stored(by: Policy, more: object): Record<string, unknown> | string {
  const event = { ...envelope, ...more }
  const verdict = by.verdictOf({ type: event.type, source: event.source, payload: Buffer.from(JSON.stringify(event)) })
  if (verdict.kind === 'refused') return `${verdict.attribute} ${verdict.message}`
  return verdict.kind === 'dropped' ? 'dropped' : (JSON.parse(Buffer.from(verdict.payload).toString()) as Record<string, unknown>)
}

const remove = (...paths: string[]) => policy({ rules: [{ remove: paths }] })

describe('Without a file', () => {
  it('asks for nothing, and gives the bytes back as they came', () => {
    const none = readPolicy(undefined, undefined)
    const payload = Buffer.from('{}')
    expect(none.isEmpty).toBe(true)
    expect(none.verdictOf({ type: 'x', source: '/x', payload })).toEqual({ kind: 'taken', payload })
  })
})

describe('Masks', () => {
  test.each([
    ['a member', ['data.card'], { card: '4111', sum: 1 }, { sum: 1 }],
    ['a member of a member', ['data.a.b'], { a: { b: 1, c: 2 } }, { a: { c: 2 } }],
    ['a member of every item', ['data.items.*.card'], { items: [{ card: 1, n: 1 }, { n: 2 }, 'x'] }, { items: [{ n: 1 }, { n: 2 }, 'x'] }],
    ['an item, which leaves its place', ['data.list.1'], { list: [1, 2, 3] }, { list: [1, null, 3] }],
    ['a name at any depth', ['data.**.cvc'], { cvc: 1, a: [{ cvc: 2, b: { cvc: 3, d: 4 } }] }, { a: [{ b: { d: 4 } }] }],
    ['below a name at any depth', ['data.**.card.number'], { a: { card: { number: 1, to: 2 } } }, { a: { card: { to: 2 } } }],
    ['nothing that is inherited', ['data.toString', 'data.__proto__.x'], { a: 1 }, { a: 1 }],
  ])('remove %s', (_name, paths, before, after) => {
    expect(stored(remove(...paths), { data: before })).toEqual({ ...envelope, data: after })
  })

  it('remove all data, in either spelling, and attributes', () => {
    expect(stored(remove('data', 'subject'), { data: 'x', subject: 'alice' })).toEqual(envelope)
    expect(stored(remove('data'), { data_base64: 'AAAA' })).toEqual(envelope)
    expect(stored(policy({ rules: [{ replace: { data: 'gone' } }] }), { data_base64: 'AAAA' })).toEqual({ ...envelope, data: 'gone' })
  })

  it('hash with a key: equal values stay equal, another key gives another hash', () => {
    const rule = { rules: [{ hash: ['data.email', 'subject'] }] }
    const one = stored(policy(rule), { subject: 'a@b.c', data: { email: 'a@b.c' } }) as { subject: string; data: { email: string } }
    expect(one.data.email).toMatch(/^hmac:[0-9a-f]{32}$/)
    expect(one.subject).toBe(one.data.email)
    expect(stored(policy(rule, 'another key of sixteen or more'), { subject: 'a@b.c' })).not.toMatchObject({ subject: one.subject })
    expect(stored(policy(rule), { data: { email: { at: 1 } } })).toMatchObject({ data: { email: expect.stringMatching(/^hmac:/) as string } })
  })

  it('replace with what is fixed', () => {
    expect(stored(policy({ rules: [{ replace: { 'data.note': '***', 'data.n': 0, 'data.no': null } }] }), { data: { note: 'x', n: 5 } })).toEqual({ ...envelope, data: { note: '***', n: 0 } })
  })

  it('look into JSON that came as text or base64, and remove what they cannot look into unless told otherwise', () => {
    const card = '{"card":"4111","sum":1}'
    expect(stored(remove('data.card'), { data: card })).toEqual({ ...envelope, data: '{"sum":1}' })
    expect(stored(remove('data.card'), { data_base64: Buffer.from(card).toString('base64') })).toEqual({ ...envelope, data_base64: Buffer.from('{"sum":1}').toString('base64') })
    expect(stored(remove('data.card'), { data: '<card>4111</card>' })).toEqual(envelope)
    expect(stored(remove('data.card'), { data_base64: 'AAAA' })).toEqual(envelope)
    expect(stored(policy({ rules: [{ remove: ['data.card'], opaque: 'keep' }] }), { data: 'plain' })).toEqual({ ...envelope, data: 'plain' })
    expect(stored(remove('data.card'), { data: 7 })).toEqual({ ...envelope, data: 7 })
  })

  it('are not passed by a key that stands twice', () => {
    const payload = Buffer.from('{"type":"payment.received","source":"/shop","data":{"card":"4111"},"data":{"sum":1}}')
    const verdict = remove('data.card').verdictOf({ type: 'payment.received', source: '/shop', payload })
    expect(verdict.kind === 'taken' && Buffer.from(verdict.payload).toString()).toBe('{"type":"payment.received","source":"/shop","data":{"sum":1}}')
  })

  it('apply to the types and sources of their rule, one after the other', () => {
    const several = policy({ rules: [
      { type: 'payment.*', remove: ['data.a'] }, { type: 'payment.received', source: '/sh*', remove: ['data.b'] },
      { source: '/other', remove: ['data.c'] }, { type: 'order.placed', remove: ['data.d'] },
    ] })
    expect(stored(several, { data: { a: 1, b: 1, c: 1, d: 1 } })).toMatchObject({ data: { c: 1, d: 1 } })
    expect(stored(several, { type: 'order.placed', source: '/other', data: { a: 1, b: 1, c: 1, d: 1 } })).toMatchObject({ data: { a: 1, b: 1 } })
  })

  it('drop events, and count them by rule', () => {
    const dropping = policy({ rules: [{ name: 'noise', type: 'debug.*', drop: true }, { remove: ['data.x'] }] })
    expect([stored(dropping, { type: 'debug.a' }), stored(dropping, { type: 'debugging' })]).toEqual(['dropped', { ...envelope, type: 'debugging' }])
    expect([...dropping.dropped]).toEqual([['noise', 1]])
  })
})

describe('Schemas', () => {
  const schema = { type: 'object', required: ['sum'], properties: { sum: { type: 'number' }, card: { type: 'string', pattern: '^\\d+$' }, at: { type: 'string', format: 'date-time' } } }

  it('refuse data that does not fit, and say where, but not what stood there', () => {
    const strict = policy({ schemas: [{ type: 'payment.received', schema }] })
    expect(stored(strict, { data: { sum: 1, card: '4111', at: '2026-01-01T00:00:00Z' } })).toMatchObject({ data: { sum: 1 } })
    expect(stored(strict, { data: { sum: 'secret' } })).toBe('data/sum must be number, says the schema of payment.received')
    expect(stored(strict, { data: { sum: 1, card: 'x' } })).toMatch(/^data\/card must match pattern/)
    expect(stored(strict, { data: { sum: 1, at: 'x'.repeat(5_000) } })).toMatch(/^data\/at must match format/)
    expect(stored(strict, {})).toMatch(/^data must be object/)
    expect(stored(strict, { data_base64: Buffer.from('{"sum":1}').toString('base64') })).toMatchObject({ id: '1' })
    expect(stored(strict, { type: 'other', data: 1 })).toMatchObject({ data: 1 })
  })

  it('tell two patterns apart', () => {
    const two = policy({ schemas: [{ type: '*', schema: { type: 'object', properties: { a: { type: 'string', pattern: '^a$' }, b: { type: 'string', pattern: '^b$' } } } }] })
    expect(stored(two, { data: { a: 'a', b: 'b' } })).toMatchObject({ data: { a: 'a' } })
    expect(stored(two, { data: { a: 'a', b: 'a' } })).toMatch(/^data\/b/)
  })

  it('count faults where they are only to be reported', () => {
    const lenient = policy({ schemas: [{ type: 'payment.*', schema, onFault: 'report' }] })
    stored(lenient, { data: { sum: 1 } })
    expect(stored(lenient, { data: {} })).toEqual({ ...envelope, data: {} })
    expect(lenient.schemaOf('payment.received')).toMatchObject({ checked: 2, faults: 1, lastFault: "data must have required property 'sum'" })
    expect(lenient.schemaOf('order.placed')).toBeUndefined()
  })

  it('count the one that names the type before one with the longest beginning', () => {
    const number = { type: 'number' }
    const several = policy({ schemas: [{ type: '*', schema: { type: 'null' } }, { type: 'payment.*', schema: { type: 'string' } }, { type: 'payment.received', schema: number }] })
    expect([several.schemaOf('payment.received')?.type, several.schemaOf('payment.x')?.type, several.schemaOf('x')?.type]).toEqual(['payment.received', 'payment.*', '*'])
  })

  it('are asked before anything is masked', () => {
    const both = policy({ schemas: [{ type: '*', schema }], rules: [{ remove: ['data.sum'] }] })
    expect(stored(both, { data: { sum: 1, x: 1 } })).toMatchObject({ data: { x: 1 } })
  })

  it('are taken in drafts 7 and 2020-12', () => {
    const tuple = (dialect: string, keyword: string) => ({ $schema: dialect, type: 'array', [keyword]: [{ type: 'string' }], minItems: 1, ...(keyword === 'items' ? { maxItems: 1 } : { items: false }) })
    const old = policy({ schemas: [{ type: '*', schema: tuple('http://json-schema.org/draft-07/schema#', 'items') }] })
    const recent = policy({ schemas: [{ type: '*', schema: tuple('https://json-schema.org/draft/2020-12/schema', 'prefixItems') }] })
    for (const one of [old, recent]) expect([stored(one, { data: ['a'] }), stored(one, { data: [1] })]).toEqual([{ ...envelope, data: ['a'] }, expect.stringMatching(/^data\/0/)])
  })

  it('may stand in files beside the policy', () => {
    writeFileSync(join(folder, 'sum.json'), JSON.stringify(schema))
    expect(policy({ schemas: [{ type: '*', schema: 'sum.json' }] }).schemaOf('x')).toMatchObject({ source: schema })
  })
})

describe('A policy that is wrong keeps the service from starting, with all that is wrong', () => {
  test.each([
    ['no JSON', '{', /is not JSON/],
    ['an unknown word', { rulez: [] }, /Unrecognized key.*rulez/],
    ['a rule that says nothing', { rules: [{ name: 'x', type: 'a' }] }, /rules\.0 \(x\): says nothing/],
    ['a rule that drops and masks', { rules: [{ drop: true, remove: ['data.x'] }] }, /nothing left to mask/],
    ['a mask on what an event is known by', { rules: [{ remove: ['id', 'source'] }] }, /id is what the event is known by[\s\S]*source is what/],
    ['a path into an attribute', { rules: [{ remove: ['subject.x'] }] }, /only data has parts/],
    ['a path with an empty part', { rules: [{ remove: ['data..x'] }] }, /empty part/],
    ['a path without an end', { rules: [{ remove: ['data.**'] }] }, /below \*\*/],
    ['a path with two **', { rules: [{ remove: ['data.**.a.**.b'] }] }, /one \*\* only/],
    ['a schema that is none', { schemas: [{ type: 'a', schema: { type: 'nonsense' } }] }, /schemas\.0 \(a\): the schema/],
    ['a schema with an unknown word', { schemas: [{ type: 'a', schema: { tpye: 'object' } }] }, /tpye/],
    ['a schema from elsewhere', { schemas: [{ type: 'a', schema: { $ref: 'https://example.org/x.json' } }] }, /can't resolve reference/],
    ['a schema in an old dialect', { schemas: [{ type: 'a', schema: { $schema: 'http://json-schema.org/draft-04/schema#' } }] }, /draft 7 and 2020-12/],
    ['a schema with a pattern that hangs', { schemas: [{ type: 'a', schema: { type: 'string', pattern: '^(a+)+$' } }] }, /repeats a group/],
    ['a schema that compares each with each', { schemas: [{ type: 'a', schema: { properties: { x: { type: 'array', uniqueItems: true } } } }] }, /uniqueItems at \/properties\/x/],
    ['a schema file that is not there', { schemas: [{ type: 'a', schema: 'nowhere.json' }] }, /cannot be read \(ENOENT\)/],
    ['a file of a megabyte', ' '.repeat(2 ** 20), /more than 262144 bytes/],
  ])('%s', (_name, content, message) => {
    expect(() => policy(content)).toThrow(message)
  })

  it('a hash without a key', () => {
    const path = join(folder, 'hash.json')
    writeFileSync(path, '{"rules":[{"hash":["data.x"]}]}')
    expect(() => readPolicy(path, undefined)).toThrow(/TIDEMARK_MASK_KEY/)
    expect(() => readPolicy(join(folder, 'none.json'), undefined)).toThrow(/cannot be read/)
  })
})
