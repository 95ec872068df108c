import { PassThrough } from 'node:stream'
import pg from 'pg'
import { expect, test } from 'vitest'
import { bindMessage } from './large-query.js'

test.each([
  ['', [Buffer.from('columns'), 'text é', 7, 12n, null, Buffer.alloc(0)]],
  ['t1_2', [Buffer.alloc(70_000, 1)]],
  ['', []],
])('its message is the one that the client makes: %#', (name, params) => {
  const socket = new PassThrough({ highWaterMark: 1_000_000 })
  const client = new pg.Connection({ stream: socket as never }) as pg.Connection & { bind(message: { values: readonly unknown[]; statement: string }): void }
  client.bind({ statement: name, values: params.map((param) => (param === null || param instanceof Uint8Array ? param : String(param))) })
  const said = socket.read() as Buffer
  expect(said.length).toBeGreaterThan(10)
  expect(Buffer.concat(bindMessage(params, name))).toEqual(said)
})
