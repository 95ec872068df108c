import { expect, test } from 'vitest'
import { uuids } from './binary.js'
import type { Database, Transaction } from './database.js'
import { borrow, giveBack } from './lent-memory.js'
import { lookUp } from './look-up.js'

const ROWS = Array.from({ length: 50_000 }, () => '01020304-0506-0708-090a-0b0c0d0e0f10')

function answering(answer: () => Promise<never[]>): Database {
  const tx = { query: answer } as unknown as Transaction
  return { ...tx, embedded: true, transaction: (run) => run(tx), close: () => Promise.resolve() }
}

test('gives back the memory of its columns when it is answered, and not before', async () => {
  const column = uuids(ROWS, (row) => row)
  let taken: Buffer | undefined
  await lookUp(answering(async () => {
    taken = borrow(column.buffer.byteLength)
    return []
  }), (tx) => tx.query('select', [column]))
  expect(taken?.buffer).not.toBe(column.buffer)
  const next = borrow(column.buffer.byteLength)
  expect(next.buffer).toBe(column.buffer)
  giveBack(next)
})

test('keeps it where it fails: nobody knows what is still on its way', async () => {
  const column = uuids(ROWS, (row) => row)
  await expect(lookUp(answering(() => Promise.reject(new Error('broken'))), (tx) => tx.query('select', [column]))).rejects.toThrow('broken')
  expect(borrow(column.buffer.byteLength).buffer).not.toBe(column.buffer)
})
