import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import pg, { type PoolClient, type Query } from 'pg'
import { expect, test } from 'vitest'
import { PlainQuery } from './large-query.js'
import { sendTogether } from './one-trip.js'

test('rows are let go of when they are said, whoever still holds the trip', async () => {
  const client: { trip?: Query & { submit(connection: pg.Connection): unknown } } & Pick<PoolClient, 'query'> = { query: ((trip: never) => (client.trip = trip)) as never }
  const rows = (() => {
    const column = Buffer.alloc(100)
    void sendTogether(client as PoolClient, [new PlainQuery({ text: 'select $1::bytea', values: [column] }, () => undefined)])
    return new WeakRef(column)
  })()
  const socket = new PassThrough({ highWaterMark: 1_000_000 })
  client.trip?.submit(new pg.Connection({ stream: socket as never }))
  expect((socket.read() as Buffer).length).toBeGreaterThan(100)
  await collectGarbage()
  expect(client.trip).toBeDefined()
  expect(rows.deref()).toBeUndefined()
})

async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc')
  // A WeakRef is strong until its job is over.
  await setImmediate()
  ;(runInNewContext('gc') as () => void)()
}
