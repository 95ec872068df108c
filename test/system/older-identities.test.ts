/** A log whose entries call instances and commands as builds before the first release did: what people decided and what has left is known of them all the same. */
import { MemoryLog } from '@tidemark/log'
import { expect, test } from 'vitest'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { openEmbedded } from '../support/embedded-database.js'
import { follow } from '../support/follower.js'
import { recordShop } from '../support/recorded-shop.js'
import { differences, readTables } from '../support/tables.js'

const TIMEOUT_MS = 120_000

test('a log of before gives the same state', async () => {
  const [recorded, ours, theirs] = await Promise.all([openEmbedded(), openEmbedded(), openEmbedded()])
  const log = await recordShop(recorded.db, { seed: 'older', orders: 160, days: 24, mode: 'suggest' })
  const [instance] = await recorded.db.query<{ id: string; key: string; model: string }>(`select i.id, i.key, i.model from instance i join deviation d on d.instance = i.id order by i.id limit 1`)
  const [deviation] = await recorded.db.query<{ kind: string; element: string }>(`select kind, element from deviation where instance = $1 limit 1`, [instance?.id])
  const accepted = { op: 'acceptDeviation', model: instance?.model, key: instance?.key, instance: instance?.id, by: 'Ada', kind: deviation?.kind, element: deviation?.element }
  await log.append([{ kind: 'operation', subject: 'operation.acceptDeviation', payload: Buffer.from(JSON.stringify(accepted)) }])
  const now = await stateOf(ours.db, log, (payload) => payload)
  // Another first third: what it was is told by nobody any more.
  const renamed: string[] = []
  const before = await stateOf(theirs.db, log, (payload) => payload.replaceAll(/"(command|instance)":"([\da-f]{8})(-[^"]{27})"/g, (_, name: string, was: string, rest: string) => {
    renamed.push(was)
    return `"${name}":"0123abcd${rest}"`
  }))
  expect(renamed.length).toBeGreaterThan(20)
  // They are two logs.
  expect(differences(now, before).filter((line) => !line.startsWith('shard: '))).toEqual([])
  expect(await ours.db.query(`select count(*)::int as commands from command where status in ('delivered', 'dead')`)).not.toEqual([{ commands: 0 }])
  expect(await ours.db.query(`select count(*)::int as rejected from command where status = 'rejected'`)).not.toEqual([{ rejected: 0 }])
  expect(await ours.db.query(`select 1 from deviation where accepted`)).not.toEqual([])
  for (const { close } of [recorded, ours, theirs]) await close()
}, TIMEOUT_MS)

async function stateOf(db: Database, log: MemoryLog, rename: (payload: string) => string) {
  const clock = { now: 0 }
  const copy = new MemoryLog({ clock: () => clock.now })
  for await (const entries of log.read({ from: 'earliest' })) {
    for (const { kind, subject, key, time, appendTime, payload } of entries) {
      clock.now = appendTime
      const text = Buffer.from(payload).toString()
      await copy.append([{ kind, subject, time, payload: Buffer.from(kind === 'operation' || kind === 'settlement' ? rename(text) : text), ...(key === '' ? {} : { key }) }])
    }
  }
  const follower = await follow(db, copy)
  await follower.settled()
  await follower.stop()
  return readTables(db)
}
