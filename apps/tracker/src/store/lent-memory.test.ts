import { expect, test } from 'vitest'
import { borrow, giveBack } from './lent-memory.js'

const MB = 1024 * 1024

test('what is given back is lent again, whatever part of it was written', () => {
  const first = borrow(MB + 1)
  expect(first.length).toBeGreaterThan(MB)
  giveBack(first.subarray(10, 20))
  const second = borrow(MB + 7)
  expect(second.buffer).toBe(first.buffer)
  expect(borrow(MB + 7).buffer).not.toBe(second.buffer)
})

test('what is given back twice is lent once', () => {
  const memory = borrow(3 * MB)
  giveBack(memory)
  giveBack(memory)
  expect(borrow(3 * MB).buffer).toBe(memory.buffer)
  expect(borrow(3 * MB).buffer).not.toBe(memory.buffer)
})

test('nothing of others is lent', () => {
  const own = Buffer.alloc(5 * MB)
  giveBack(own)
  giveBack(new Uint8Array(0))
  expect(borrow(5 * MB).buffer).not.toBe(own.buffer)
})

test('what lies idle is bounded', () => {
  const many = Array.from({ length: 20 }, () => borrow(4 * MB))
  for (const memory of many) giveBack(memory)
  const known = new Set(many.map(({ buffer }) => buffer))
  expect(many.map(() => borrow(4 * MB)).filter(({ buffer }) => known.has(buffer))).toHaveLength(16)
})
