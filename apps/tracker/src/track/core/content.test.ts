import { expect, it } from 'vitest'
import { contentOf, look } from './content.js'

const bytes = (json: string) => Buffer.from(json)
const isAsWritten = (json: Uint8Array) => look(json).isAsWritten
const written = (json: string) => JSON.stringify(JSON.parse(json))

it('says of nothing that it reads as written where JSON.stringify writes it in another way', () => {
  let state = 20_261
  const draw = (below: number) => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below
  const pick = (from: readonly string[]) => from[draw(from.length)] as string
  const scalar = () => pick([
    '0', '-0', '7', '-7', '1.5', '1.50', '0.000001', '0.0000001', '0.0000012', '1e3', '2E-2', '-0.5', '123456789012345', '1234567890123456', '123456789.123456', '1234567890.123456', '0.1234567', '1.0', '100',
    'true', 'false', 'null', '""', '"a"', '"ä€😀"', '"a b:c"', '"12"', '"-"', '"\\n"', '"\\u00e4"', '"\\/"', '"\\ud800"', '"\u2028"', '"\u007f"',
  ])
  const name = () => pick(['"a"', '"b c"', '"1"', '"01"', '"-1"', '"x1"', '"ä"', '"\\u0061b"', '""', '"e"', '"1a"'])
  const space = () => (draw(60) === 0 ? pick([' ', '\n', '\t', '\r']) : '')
  const value = (depth: number): string => {
    const kind = depth === 0 ? 9 : draw(10)
    if (kind < 2) return `[${space()}${Array.from({ length: draw(4) }, () => value(depth - 1)).join(`,${space()}`)}]`
    if (kind > 5) return scalar()
    const names = new Map(Array.from({ length: draw(5) }, () => { const own = name(); return [JSON.parse(own) as string, own] as const }))
    return `{${[...names.values()].map((own) => `${own}${space()}:${value(depth - 1)}`).join(',')}${space()}}`
  }
  let asWritten = 0
  for (let round = 0; round < 20_000; round++) {
    const json = value(4)
    if (!isAsWritten(bytes(json))) continue
    asWritten++
    expect(written(json)).toBe(json)
  }
  expect(asWritten).toBeGreaterThan(2_000)
})

it('takes as written what JSON.stringify wrote, but for escapes, long numbers and names like an index', () => {
  for (const value of [{}, [], { id: 'o-1', data: { total: 12.5, items: [{ sku: 'ä', n: -3 }], paid: true, note: null } }, { a: { 'b:1': ':2' } }]) {
    expect(isAsWritten(bytes(JSON.stringify(value)))).toBe(true)
  }
  for (const value of ['"', { 12: 'x' }, 1 / 3, 1e21, '\n']) expect(isAsWritten(bytes(JSON.stringify(value)))).toBe(false)
})

it('is the same for the same content with other white space, escapes and numbers, and another one for other content', () => {
  const { hash: content } = contentOf(bytes('{"id":"1","data":{"total":10,"name":"ä/b"}}'))
  for (const same of ['{ "id": "1",\n"data": {"total": 10, "name": "ä/b"} }', '{"id":"1","data":{"total":10.0,"name":"\\u00e4\\/b"}}', '{"id":"1","data":{"total":1e1,"name":"ä/b"}}']) {
    expect(contentOf(bytes(same)).hash).toBe(content)
  }
  for (const other of ['{"id":"1","data":{"total":11,"name":"ä/b"}}', '{"id":"1","data":{"total":10,"name":"ä/ b"}}']) expect(contentOf(bytes(other)).hash).not.toBe(content)
  // Rows of before hold it.
  expect(contentOf(bytes('{"id":"1"}')).hash).toBe('g8XH0Dum5CMsI43a')
})

it('shows where the data of an event stands, and no other member of that name', () => {
  const dataIn = (event: object) => {
    const { data } = contentOf(Buffer.concat([Buffer.from('xx'), bytes(JSON.stringify(event))]).subarray(2))
    return data === undefined ? undefined : Buffer.from(data).toString()
  }
  for (const data of [{ a: { data: 1 }, b: ['data', { data: 'x' }], c: 'ä' }, {}, [1, 2], 'data', 12.5, true, null]) {
    expect(dataIn({ id: '1', data })).toBe(JSON.stringify(data))
    expect(dataIn({ data, id: 'data', more: [{ data: 2 }] })).toBe(JSON.stringify(data))
  }
  expect(dataIn({ id: 'data', dat: 1, datas: 2, nested: { data: 3 } })).toBe(undefined)
  expect(dataIn({ id: '1', data: { note: 'two\nlines' } })).toBe(undefined)
  expect(contentOf(bytes('{"data":{"first":1},"data":2}')).data?.toString()).toBe(String([...bytes('2')]))
})
