import { MemoryLog } from '@tidemark/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded, type Embedded } from '../../../../test/support/embedded-database.js'
import { foldAll } from '../../../../test/support/follower.js'
import { eventDraft, START } from '../../../../test/support/recorded-shop.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../../../../test/support/small-process.js'
import type { Database } from '../store/database.js'
import { showInstancePage } from './instance.js'
import { Processes } from './processes.js'

let embedded: Embedded

beforeAll(async () => {
  embedded = await openEmbedded()
}, 60_000)
afterAll(() => embedded.close())

const at = (minutes: number) => START + minutes * 60_000

test('the page of an instance takes two trips to the database', async () => {
  const { db } = embedded
  const steps = ['placed', 'paid', 'packed', 'sent']
  const log = new MemoryLog({ clock: () => at(60) })
  await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id: 'orders', steps }), mapping: BY_ORDER, by: 'test' })) }])
  await log.append(steps.slice(0, 3).map((type, n) => eventDraft({ ...cloudEvent({ type, data: { order: 'A' }, at: at(n) }), time: new Date(at(n)).toISOString() })))
  await foldAll(db, log)
  const [{ id } = { id: '' }] = await db.query<{ id: string }>(`select id from instance`)
  const processes = new Processes(db)
  await processes.get('orders', 1)
  const trips: (boolean | undefined)[] = []
  const counted: Database = {
    embedded: true, close: () => Promise.resolve(),
    query: () => expect.unreachable('each trip is a transaction'),
    transaction: (run, options) => {
      expect(options).toMatchObject({ byKey: true, atOnce: true, readsOnly: true })
      trips.push(options?.seesOneMoment)
      return db.transaction(run, options)
    },
  }
  const page = await showInstancePage(counted, processes, id, at(60))
  expect(page.events.map(({ type }) => type)).toEqual(['placed', 'paid', 'packed'])
  expect(page.tokens.map(({ element }) => element)).toHaveLength(1)
  expect(trips).toEqual([undefined, true])
})
