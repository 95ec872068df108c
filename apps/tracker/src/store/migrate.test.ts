/** A database that an older version made, brought up to date. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrations } from '@tidemark/migrations'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareDatabase } from '../../../../test/support/database-template.js'
import type { Database } from './database.js'
import { migrate } from './migrate.js'
import { openPglite } from './pglite/open-pglite.js'
import { readInstance } from './read/instances.js'
import { freshTables } from './rebuild/fresh-tables.js'
import { loadUnits } from './write/load-units.js'

let database: Database
let dataDir: string
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-migrate-'))
  await prepareDatabase(dataDir, { schema: false })
  database = await openPglite(join(dataDir, 'db'))
}, 120_000)
afterAll(async () => {
  await database.close()
  await rm(dataDir, { recursive: true, force: true })
})

const unit = '00000000-0000-0000-0000-00000000000a'

test('says of instances that had ended when they closed, as following would have', async () => {
  await migrate(database, migrations.filter(({ id }) => id < '0006'))
  await database.query(
    `insert into model_version (model, version, name, hash, xml, process, findings, mode, status, position, deployed_position, deployed_at, in_force_from)
     values ('early', 1, '', '', '', '{}', '[]', 'observe', 'active', 1, 1, 100, 0), ('late', 1, '', '', '', '{}', '[]', 'observe', 'active', 1, 1, 9000, 0)`)
  const ended = { ended: [500, 'completed'], imported: [500, 'completed'], underway: [null, 'active'] } as const
  for (const [index, [key, [endedAt, status]]] of Object.entries(ended).entries()) {
    for (const model of ['early', 'late']) {
      const id = `00000000-0000-0000-000${model === 'early' ? 0 : 1}-00000000000${index}`
      await database.query(
        `insert into instance (id, unit, run, shard, model, version, key, status, started_at, last_event_at, ended_at, shown_at, position, tokens, variables)
         values ($1, $2, 0, 0, $3, 1, $4, $5, 400, 500, $6, 500, 1, '[]', '{}')`, [id, unit, model, key, status, endedAt])
      await database.query(
        `insert into instance_event (unit, position, kind, time, append_time, source, event_id, type, content_hash, labels, instance)
         values ($1, $2, 'event', 450, $3, '/s', $4, 't', '', '{}', $5)`, [unit, 10 * index + (model === 'early' ? 1 : 2), key === 'imported' ? 7_000 : 480, `${key} ${model}`, id])
    }
  }
  await migrate(database, migrations.filter(({ id }) => id < '0014'))
  expect(await database.query(`select model, key, closed_at from instance order by model, key`)).toEqual([
    { model: 'early', key: 'ended', closed_at: '500' }, { model: 'early', key: 'imported', closed_at: '7000' }, { model: 'early', key: 'underway', closed_at: null },
    { model: 'late', key: 'ended', closed_at: '9000' }, { model: 'late', key: 'imported', closed_at: '9000' }, { model: 'late', key: 'underway', closed_at: null },
  ])
  await database.query(`insert into event_fate (position, model, kind, reason) values (1, 'early', 'tooOld', '')`)
})

test('leaves a database alone whose instances have identities of before, and says what to do', async () => {
  await expect(migrate(database)).rejects.toMatchObject({ code: 'schemaStepRefused', detail: expect.stringContaining('empty database') })
  expect(await database.query(`select id from schema_migration where id >= '0014'`)).toEqual([])
  // Any of what holds identities is enough.
  await database.query(`truncate instance_event, event_fate`)
  await expect(migrate(database)).rejects.toMatchObject({ code: 'schemaStepRefused' })
  await database.query(`truncate instance`)
  await migrate(database)
  expect(await database.query(`select id from schema_migration where id >= '0014'`)).not.toEqual([])
})

test('JSON that was kept as jsonb is read as text, and nothing is learned of it', async () => {
  await database.query(`create schema older`)
  const older = freshTables(database, 'older')
  await migrate(older, migrations.filter(({ id }) => id < '0017'))
  await older.query(
    `insert into instance (id, unit, run, shard, model, version, key, status, started_at, last_event_at, shown_at, position, tokens, variables)
     values ($1, $1, 0, 0, 'order', 1, 'A', 'active', 1, 2, 2, 7, $2, $3)`, [unit, JSON.stringify([{ element: 'pay', since: 1 }]), JSON.stringify({ total: 7, a: 'ä\\" ' })])
  await older.query(
    `insert into instance_event (unit, position, kind, time, append_time, source, event_id, type, content_hash, labels, patch)
     values ($1, 7, 'event', 1, 2, '/s', 'e', 't', 'h', $2, '{"total":7}'), ($1, 8, 'operation', 1, 2, '/s', 'o', 't', 'h', '{}', null)`, [unit, JSON.stringify({ 1: ['pay\tend'] })])
  await migrate(older)
  expect(await readInstance(older, unit)).toMatchObject({ tokens: [{ element: 'pay', since: 1 }], variables: { total: 7, a: 'ä\\" ' } })
  expect((await loadUnits(older, [unit])).get(unit)?.facts.map(({ fact: { position, labels, patch } }) => ({ position, labels, patch }))).toEqual([
    { position: 7n, labels: { 1: ['pay\0end'] }, patch: { total: 7 } }, { position: 8n, labels: {}, patch: undefined },
  ])
  expect(await database.query(`select distinct attname as name from pg_attribute where attrelid in ('older.instance'::regclass, 'older.instance_event'::regclass) and attstattarget = 0 order by 1`))
    .toEqual(['labels_json', 'patch_json', 'tokens_json', 'variables_json'].map((name) => ({ name })))
})
