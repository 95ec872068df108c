/** A snapshot's tables in a schema of their own, brought to the schema of this program, with the indexes that folding needs. */
import { migrations } from '@tidemark/migrations'
import type { Database } from '../database.js'
import { migrate } from '../migrate.js'
import { analyzeFreshTables, dropFreshTables, freshTables } from '../rebuild/fresh-tables.js'
import { dropLateIndexes } from '../rebuild/late-indexes.js'
import { digestOfTable } from './digest.js'
import { checkFiles, readRows, type Snapshot } from './files.js'
import { damaged, newer } from './manifest.js'
import { listOf } from './take.js'

const ENDED_JOBS: readonly string[] = ['done', 'failed', 'cancelled', 'accepted', 'dropped']

/**
 * Empty or not, the schema is made anew. Every byte is read and checked before anything is loaded, and the rows are compared with what they were when
 * they were read: throws `snapshotDamaged`, or `snapshotNewer` where this program does not know how the tables are built.
 */
export async function loadSnapshot(db: Database, snapshot: Snapshot, schema: string, onRows: (rows: number) => void = () => undefined): Promise<Database> {
  const { name, manifest: { steps, tables } } = snapshot
  const unknown = steps.filter((step) => !migrations.some(({ id }) => id === step))
  if (unknown.length > 0) throw newer(name, unknown.join(', '))
  await checkFiles(snapshot)
  await dropFreshTables(db, schema)
  await db.query(`create schema ${schema}`)
  const fresh = freshTables(db, schema)
  await migrate(fresh, migrations.filter(({ id }) => steps.includes(id)))
  const isOfThisProgram = steps.length === migrations.length
  // A later step may change an index by its name, which must be there then.
  if (isOfThisProgram) await dropLateIndexes(db, schema)
  let rows = 0
  for (const table of tables) {
    for await (const lines of readRows(snapshot, table)) {
      await fresh.transaction((tx) => tx.copy(`copy "${table.name}" (${listOf(table.columns)}) from stdin`, lines), { synchronousCommit: false })
      onRows(rows)
    }
    rows += table.rows
    const digest = await digestOfTable(fresh, `"${table.name}"`)
    if (digest.rows !== table.rows || digest.digest !== table.digest) throw damaged(name, `the rows of ${table.name} are not those that were read`)
  }
  // What was under way then is not, with these tables.
  await fresh.query(`delete from job where status <> all($1::text[])`, [ENDED_JOBS])
  await migrate(fresh)
  await analyzeFreshTables(db, schema)
  return fresh
}
