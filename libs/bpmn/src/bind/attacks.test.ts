/** No expression can hang the process, exhaust it, or reach out of its data: what has been tried against FEEL, in all the places where it is evaluated. */
import { describe, expect, test } from 'vitest'
import { compileTests, compileValue } from '../decide/feel.js'
import { compileExpression } from './expression.js'

const list = Array.from({ length: 2_000 }, (_, index) => index)
const data = { xs: list, big: Object.fromEntries(list.map((index) => [`k${index}`, index])), t: 'a'.repeat(100_000), n: 1e9, a: {}, now: 0 }
/** A busy machine is slow; what runs away takes for ever. */
const PATIENCE_MS = 2_000
const repeated = (text: string, times: number) => text.repeat(times)

const attacks: Readonly<Record<string, readonly string[]>> = {
  'regular expressions': ['matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab","^(a+)+$")', 'replace(t, "(a+)+$", "")', 'split(t, "(a+)+$")', '{ f: matches, r: f(t, "(a+)+$") }.r', 'extract(t, "(a+)+$")'],
  'endless ranges': [
    'for i in 1..100000000 return i', 'count([1..1000000000])', '[1..1000000000]', 'max([1..1000000000])', 'for i in 1..n return i', 'for i in 1..10000 return for j in 1..10000 return i',
    '{ r: [1..100000000], out: for i in r return i }.out', 'range("[1..1000000000]")',
  ],
  'loops over long lists': [
    'count(for a in xs return for b in xs return a)', 'for a in xs, b in xs return a*b', 'some a in xs satisfies some b in xs satisfies some c in xs satisfies a+b+c = -1',
    'every a in xs satisfies every b in xs satisfies a >= 0 and b >= 0', 'xs[xs[xs[item > 1] > 1] > 1]', 'distinct values(xs)', 'union(xs, xs)', 'duplicate values(xs)', 'mode(xs)',
    'string join(for a in xs return string join(xs, "x"), "y")',
  ],
  'growth by itself': [
    'for i in 1..10000 return concatenate(partial, partial)', `{ a: t, ${Array.from({ length: 20 }, (_, index) => `b${index}: a + a`).join(', ')} }`,
    '{ a: xs, b: concatenate(a,a), c: concatenate(b,b), d: concatenate(c,c), e: concatenate(d,d), f: concatenate(e,e), g: concatenate(f,f) }', 'replace(t, "a", t)',
  ],
  functions: ['{ f: function(n) if n = 0 then 0 else f(n - 1), r: f(100000) }.r', 'sort(xs, function(a, b) a < b)', 'list replace(xs, function(a, b) true, 2)', '{ f: function() external { java: { class: "x" } } }.f()'],
  prototypes: ['constructor.constructor("return process")()', 'a.constructor', 'a.__proto__.polluted', '{ "__proto__": { polluted: 1 } }.polluted', 'xs.constructor', 't.length', 'a["constructor"]', 'get value(a, "constructor")'],
  depth: [
    `${repeated('(', 900)}1${repeated(')', 900)}`, `${repeated('not(', 400)}true${repeated(')', 400)}`, `${repeated('[', 900)}${repeated(']', 900)}`, `a${repeated('.b', 900)}`, `1${repeated('+1', 900)}`,
    `${repeated('-', 1_900)}1`, `xs${repeated('[1]', 600)}`, `${repeated('{a:', 500)}1${repeated('}', 500)}`, `${repeated('if true then ', 140)}1`,
  ],
  'numbers and dates beyond all bounds': [
    '10 ** 1000', '10 ** 308 * 10', 'decimal(1/3, 1000000)', 'floor(1.5, 999999999)', 'round up(1.5, 1e10)', 'exp(1e10)', 'log(-1)', 'modulo(1e308, 1e-308)', 'duration("P999999999Y") * 1000',
    'date("999999999-12-31")', 'date("2020-01-01") + duration("P99999999Y")', 'substring(t, -1000000000)',
  ],
}

describe.each(Object.entries(attacks))('%s', (_, texts) => {
  test.each(texts)('%s', (text) => {
    const begun = performance.now()
    const { value } = compileExpression(text).evaluate(data)
    const asValue = compileValue(text).evaluate(data)
    const asTest = compileTests(text).pass(5, data)
    expect(performance.now() - begun).toBeLessThan(PATIENCE_MS)
    // Whatever it says is no function and nothing of ours, and no larger than the data that went in.
    expect(typeof value).not.toBe('function')
    expect(JSON.stringify(value ?? null).length).toBeLessThan(10 * JSON.stringify(data).length)
    expect(['boolean', 'symbol']).toContain(typeof asTest)
    expect(typeof asValue).not.toBe('function')
  })
})

test('nothing of the machine can be asked: its clock, chance, its environment', () => {
  for (const text of ['random number()', 'uuid()', 'process.env', 'globalThis', 'require("fs")', 'import("fs")']) expect(compileExpression(text).evaluate({}), text).toMatchObject({ known: false })
  for (const text of ['now()', 'today()', 'string(now())']) {
    expect(compileExpression(text).evaluate({}), text).toMatchObject({ known: false })
    expect(compileExpression(text).evaluate({ now: 0 }).value, text).toMatch(/^1970-01-01/)
  }
  expect(compileValue('date(now())').evaluate({ now: 0 })).toEqual(compileValue('date("1970-01-01")').evaluate({}))
})

test('an expression that would run away over these data says so, and what can never be evaluated is refused before', () => {
  const looped = compileExpression('count(for a in xs return for b in xs return a)')
  expect(looped).toMatchObject({ mayRunAway: true })
  expect(looped.evaluate(data)).toEqual({ value: null, known: false, ranAway: true })
  expect(looped.evaluate({ xs: [1, 2] })).toEqual({ value: 2, known: true })
  expect(compileExpression('a > 1 and t = "x"').mayRunAway).toBeUndefined()
  for (const text of attacks['regular expressions'] ?? []) expect([text, compileExpression(text).error === undefined]).toEqual([text, text.startsWith('extract')])
})
