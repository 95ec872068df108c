import { type Migration, migrations } from '@tidemark/migrations'
import { TrackerError } from '../problem.js'
import type { Database } from './database.js'

/** Any fixed number will do: two processes that start at once must only take the same. */
const MIGRATION_LOCK = 7_433_625
/** SQLSTATE of our own: a step that says why it cannot be taken. */
const REFUSED = 'TM001'

/**
 * Runs what is missing of the list, in one transaction under a lock, so that processes that start together do it once. A schema that knows
 * steps we do not is newer than this code, and is refused: older code would write rows that newer code no longer expects.
 */
export async function migrate(database: Database, steps: readonly Migration[] = migrations): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`)
    await tx.query(`create table if not exists schema_migration (id text primary key, at timestamptz not null default now())`)
    const done = (await tx.query<{ id: string }>(`select id from schema_migration order by id`)).map((row) => row.id)
    const unknown = done.filter((id) => !steps.some((step) => step.id === id))
    if (unknown.length > 0) {
      throw new TrackerError(
        'newerSchema', 500,
        `The database was set up by a newer version of Tidemark (it has ${unknown.join(', ')}, which this version does not know). ` +
          'Start that version, or restore a backup made before the upgrade.',
      )
    }
    for (const step of steps) {
      if (done.includes(step.id)) continue
      for (const statement of step.statements) await tx.query(statement).catch(refused)
      await tx.query(`insert into schema_migration (id) values ($1)`, [step.id])
    }
  })
}

function refused(error: unknown): never {
  if ((error as { readonly code?: unknown }).code !== REFUSED) throw error
  throw new TrackerError('schemaStepRefused', 500, (error as Error).message, undefined, { cause: error })
}
