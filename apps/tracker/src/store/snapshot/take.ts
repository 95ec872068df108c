/**
 * Takes a snapshot of the tables at one moment. A server shows one moment to a transaction, beside which everything goes on. The embedded database has
 * one session: there the tracker pauses instead, and tables are read in portions of a transaction each, so that pages are answered between them.
 */
import { join } from 'node:path'
import type { Database, Queryable, Transaction } from '../database.js'
import { readShards } from '../write/shards.js'
import { blocksFrom, blocksOf, digestOf, sumOf, type Digest } from './digest.js'
import { makeSnapshot, nameOf, writeRows, type Snapshot } from './files.js'
import type { Manifest, TableFile } from './manifest.js'

/** Of a table at a time: some 4 MB of rows, and what of them is stored aside. */
const PORTION_BLOCKS = 512
/** Who is there, and how the tables are built, is not state: the one is true of a moment, the other of a program. */
const LEFT_OUT: readonly string[] = ['member', 'schema_migration']
/** Rows of these move while the tracker pauses, since somebody else writes them too: each is read at one moment. */
const WRITTEN_BY_OTHERS: readonly string[] = ['alert_delivery', 'command', 'job', 'setting']

export interface Taking {
  readonly dir: string
  /** Machine time. */
  readonly now: number
  readonly program: string
  /** Rows that were read, now and then. */
  readonly onRows?: (rows: number) => void
}

/** With the embedded database the tracker must pause meanwhile. Throws where nothing was followed yet. */
export async function takeSnapshot(db: Database, taking: Taking): Promise<Snapshot> {
  return makeSnapshot(taking.dir, (path) => (db.embedded
    ? writeTables((run) => db.transaction(run, { seesOneMoment: true }), taking, path)
    : db.transaction((tx) => writeTables((run) => run(tx), taking, path), { seesOneMoment: true })))
}

/** A transaction that sees the moment; the same one each time, or one that sees what has not changed since. */
type Within = <T>(run: (tx: Transaction) => Promise<T>) => Promise<T>

async function writeTables(within: Within, { now, program, onRows }: Taking, path: string): Promise<Manifest> {
  const { tables, steps, shards } = await within(async (tx) => ({ tables: await tablesOf(tx), steps: await stepsOf(tx), shards: await readShards(tx) }))
  const [first] = shards
  if (first === undefined) throw new Error('the tables have no shards')
  const position = shards.reduce((least, shard) => (shard.position < least ? shard.position : least), first.position)
  const files: TableFile[] = []
  let rows = 0
  for (const { name, columns } of tables) {
    const file = `${name}.copy.gz`
    const digests: Digest[] = []
    const write = (run: Within) => writeRows(join(path, file), portionsOf(run, name, columns, (digest) => {
      digests.push(digest)
      onRows?.((rows += digest.rows))
    }))
    const written = WRITTEN_BY_OTHERS.includes(name) ? await within((tx) => write((run) => run(tx))) : await write(within)
    files.push({ name, columns, file, ...sumOf(digests), ...written })
  }
  return {
    format: 1, name: nameOf(position), createdAt: now, program, log: first.logIdentity, position, steps, tables: files,
    shards: shards.map(({ id, position: at, clock, checksum }) => ({ id, position: at, clock, checksum })),
  }
}

async function* portionsOf(within: Within, table: string, columns: readonly string[], onPortion: (digest: Digest) => void): AsyncGenerator<Buffer> {
  const blocks = await within((tx) => blocksOf(tx, `"${table}"`))
  for (let block = 0; block < blocks; block += PORTION_BLOCKS) yield await within((tx) => portion(tx, table, columns, block, onPortion))
}

async function portion(tx: Transaction, table: string, columns: readonly string[], block: number, onPortion: (digest: Digest) => void): Promise<Buffer> {
  const within = blocksFrom(block, PORTION_BLOCKS)
  const [, rows, digest] = await Promise.all([
    tx.query(`set local timezone to 'UTC'`), tx.copyOut(`copy (select ${listOf(columns)} from "${table}" where ${within}) to stdout`), digestOf(tx, `"${table}"`, within),
  ])
  onPortion(digest)
  return rows
}

async function tablesOf(tx: Queryable): Promise<readonly { readonly name: string; readonly columns: string[] }[]> {
  return tx.query<{ name: string; columns: string[] }>(
    `select c.table_name::text as name, array_agg(c.column_name::text order by c.ordinal_position) as columns
     from information_schema.columns as c join pg_tables as t on t.schemaname = c.table_schema and t.tablename = c.table_name
     where c.table_schema = current_schema() and c.is_generated = 'NEVER' and c.table_name <> all($1::text[]) group by 1 order by 1`, [LEFT_OUT])
}

async function stepsOf(tx: Queryable): Promise<string[]> {
  return (await tx.query<{ id: string }>(`select id from schema_migration order by id`)).map(({ id }) => id)
}

export function listOf(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(', ')
}
