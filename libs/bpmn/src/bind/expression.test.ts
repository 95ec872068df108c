import { describe, expect, test } from 'vitest'
import { compileExpression, truthOf } from './expression.js'
import type { Truth } from './expression.js'
import { compileSimple } from './simple-expression.js'

const truth = (text: string, context: object): Truth => truthOf(compileExpression(text), context)
const value = (text: string, context: object = {}): unknown => compileExpression(text).evaluate(context).value

describe('a condition', () => {
  test.each([
    ['total > 100', { total: 101 }, 'true'],
    ['= total > 100', { total: 100 }, 'false'],
    ['order.state = "paid" and order.total >= 10', { order: { state: 'paid', total: 10 } }, 'true'],
    ['a or (b and not_there)', { a: false, b: false }, 'false'],
    ['a = true or b', { a: true }, 'true'],
    ['a and b', { a: false }, 'false'],
    ['a and b', { a: true }, 'unknown'],
    ['total > 100', {}, 'unknown'],
    ['total > 100', { total: '101' }, 'unknown'],
    ['total = "5"', { total: 5 }, 'unknown'],
    ['total != 5', { total: 6 }, 'true'],
    ['total = null', {}, 'true'],
    ['total', { total: 1 }, 'unknown'],
  ] as [string, object, Truth][])('%s with %j is %s', (text, context, expected) => {
    expect(truth(text, context)).toBe(expected)
  })

  test.each([
    ['contains(name, "a")', { name: 'bar' }, 'true'],
    ['if total > 5 then true else false', { total: 1 }, 'false'],
    ['some item in items satisfies item.price > 5', { items: [{ price: 3 }, { price: 7 }] }, 'true'],
    ['total between 1 and 3', { total: 2 }, 'true'],
    ['total in [1..100000000]', { total: 5 }, 'true'],
    ['items[price > 5].price = [7]', { items: [{ price: 3 }, { price: 7 }] }, 'true'],
    ['contains(name, "a")', {}, 'unknown'],
    ['not(paid)', { paid: null }, 'unknown'],
    ['order id = 3', { 'order id': 3 }, 'true'],
  ] as [string, object, Truth][])('of the full language: %s with %j is %s', (text, context, expected) => {
    expect(truth(text, context)).toBe(expected)
  })

  test('reads the property of a list as FEEL does, though the text looks simple', () => {
    expect(value('items.price', { items: [{ price: 1 }, { price: 2 }] })).toEqual([1, 2])
  })

  test('knows the time only from its context', () => {
    const later = 'now() > @"2026-01-01T00:00:00Z"'
    expect(truth(later, { now: Date.parse('2026-06-01T00:00:00Z') })).toBe('true')
    expect(truth(later, { now: Date.parse('2025-06-01T00:00:00Z') })).toBe('false')
    expect(truth(later, {})).toBe('unknown')
    expect(truth('today() = @"2026-06-01"', { now: Date.parse('2026-06-01T23:00:00Z') })).toBe('true')
  })

  test('gives dates and durations as the text of ISO 8601', () => {
    expect(value('duration("P1D")')).toBe('P1D')
    expect(value('{ at: now(), total: total + 1 }', { now: 0, total: 1 })).toEqual({ at: '1970-01-01T00:00:00Z', total: 2 })
  })

  test('never reaches a prototype', () => {
    for (const text of ['constructor', 'a.constructor', '__proto__', 'a.__proto__.polluted', 'a.toString',
      'upper case(a.constructor.name)']) {
      expect(compileExpression(text).evaluate({ a: {} }).known, text).toBe(false)
    }
  })
})

test('simple conditions do not need the interpreter', () => {
  for (const text of ['a', 'a.b = "x"', '(a > 1 or b <= -2.5) and c != null', 'true']) expect(compileSimple(text), text).toBeDefined()
  for (const text of ['a + 1', 'f(a)', 'a in b', 'not(a)', 'a = "\\n"', 'a - b', 'a b', '(a', 'a)', 'a >', '1e5']) {
    expect(compileSimple(text), text).toBeUndefined()
  }
})

describe('an expression that could run away', () => {
  test.each([
    ['matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "^(a+)+$")', 'matches'],
    ['replace(a, "(a+)+$", "")', 'replace'],
    ['split(a, "(a+)+$")', 'split'],
    ['{ f: matches, out: f("aaaa", "^(a+)+$") }.out', 'matches'],
    ['count(for i in 1..100000000 return i)', 'range'],
    ['count(for i in 1..limit return i)', 'range'],
    ['{ r: [1..100000000], out: for i in r return i }.out', 'range'],
    ['for a in xs return for b in xs return for c in xs return 1', 'iterates'],
    ['for i in 1..10000 return concatenate(partial, partial)', 'partial'],
    ['{ f: function(x) f(x), out: f(1) }.out', 'function'],
    [`{ a: "x", ${Array.from({ length: 20 }, (_, n) => `b${n}: a + a`).join(', ')} }`, 'earlier entries'],
    [`a = "${'x'.repeat(2_000)}"`, 'longer'],
    ['', 'empty'],
    ['1 +', 'read near'],
    ['a = )', 'read near'],
  ])('is refused: %s', (text, reason) => {
    const { error } = compileExpression(text)
    expect(error).toContain(reason)
    expect(compileExpression(text).evaluate({ xs: [1], a: 'aaa', limit: 5 })).toEqual({ value: null, known: false })
  })

  test('over a long list of an event is unknown, at once', () => {
    const long = Array.from({ length: 100_000 }, (_, index) => index)
    const started = performance.now()
    expect(value('for a in xs return for b in xs return a + b', { xs: long })).toBe(null)
    expect(value('distinct values(xs)', { xs: long })).toBe(null)
    expect(value('xs[item > 3][item > 4]', { xs: long })).toBe(null)
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(value('for a in xs return for b in xs return a + b', { xs: [1, 2] })).toEqual([[2, 3], [3, 4]])
  })

  test('nested too deeply for the stack is unknown', () => {
    const deep = `${'('.repeat(900)}1${')'.repeat(900)}`
    expect(() => compileExpression(deep).evaluate({})).not.toThrow()
    const path = `a${'.b'.repeat(900)} + 1`
    expect(compileExpression(path).evaluate({ a: {} }).known).toBe(false)
  })
})
