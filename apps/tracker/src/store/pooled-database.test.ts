import { EventEmitter } from 'node:events'
import type { Pool } from 'pg'
import { expect, test } from 'vitest'
import { PooledDatabase } from './pooled-database.js'

test('a connection that breaks while nobody listens to it does not end the process', () => {
  const pool = new EventEmitter()
  const client = new EventEmitter()
  expect(() => client.emit('error', new Error('read ECONNRESET'))).toThrow('ECONNRESET')
  void new PooledDatabase(pool as unknown as Pool, false, async () => undefined)
  pool.emit('connect', client)
  expect(client.emit('error', new Error('read ECONNRESET'))).toBe(true)
})

test('nothing is kept on a connection that is not one for long', async () => {
  const names = async (keeps: boolean) => {
    const sent: unknown[] = []
    const client = Object.assign(new EventEmitter(), { query: async (what: unknown) => (sent.push(what), { rows: [], command: 'COMMIT' }), release: () => undefined })
    const pool = Object.assign(new EventEmitter(), { connect: async () => client })
    const database = new PooledDatabase(pool as unknown as Pool, false, async () => undefined, undefined, () => keeps)
    await database.transaction((tx) => tx.query('select $1::int as one', [1]), { byKey: true })
    return sent.flatMap((what) => (typeof what === 'object' && what !== null && 'name' in what && what.name !== undefined ? [what.name] : []))
  }
  expect(await names(false)).toEqual([])
  expect(await names(true)).toEqual([expect.stringMatching(/^t_[0-9a-f]{32}$/)])
})
