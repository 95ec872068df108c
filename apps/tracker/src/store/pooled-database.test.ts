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
