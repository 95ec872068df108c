/**
 * Keys that find instances, and events that wait for theirs. Whoever plans an entry writes what it says of keys: trackers that share a log all do, and
 * the plan being a function of the log, they write the same. A look-up counts what was learned before a position, however far others have gone.
 */
import type { Fact } from '@tidemark/bpmn'
import { bigints, texts, uuids } from '../binary.js'
import type { Queryable } from '../database.js'
import type { Changes } from './changes.js'
import { compare } from './rows.js'

export interface AliasKey {
  readonly model: string
  readonly name: string
  readonly value: string
}

/** One look-up in the index per alias, whatever statistics say; so too below. */
export async function readLinks(db: Queryable, aliases: readonly AliasKey[], before: bigint): Promise<readonly (AliasKey & { primary_key: string })[]> {
  if (aliases.length === 0) return []
  return db.query(
    `select alias.model, alias.name, alias.value, link.primary_key from unnest($1::text[], $2::text[], $3::text[]) as alias (model, name, value) cross join lateral (
       select primary_key, learned_at from instance_key as key where key.model = alias.model and key.name = alias.name and key.value = alias.value and key.learned_at < $4 offset 0
     ) as link order by link.learned_at, link.primary_key`,
    [...columns(aliases), before],
  )
}

export async function readWaiting(db: Queryable, aliases: readonly AliasKey[], before: bigint): Promise<readonly (AliasKey & { fact_json: string })[]> {
  if (aliases.length === 0) return []
  return db.query(
    `select alias.model, alias.name, alias.value, waiting.fact_json from unnest($1::text[], $2::text[], $3::text[]) as alias (model, name, value) cross join lateral (
       select position, fact_json from waiting_event as event where event.model = alias.model and event.name = alias.name and event.value = alias.value
         and event.position < $4 and (released_at is null or released_at >= $4) offset 0
     ) as waiting order by waiting.position`,
    [...columns(aliases), before],
  )
}

/** A fact as it waits: JSON has no bigint, and no NUL is stored. */
type StoredFact = Omit<Fact, 'position'> & { readonly position: string; readonly contentHash: string }

export function storeFact(fact: Fact, contentHash: string): string {
  const labels = Object.fromEntries(Object.entries(fact.labels).map(([version, own]) => [version, own.map((label) => label.replace('\u0000', '\t'))]))
  return JSON.stringify({ ...fact, labels, position: String(fact.position), contentHash })
}

export function restoreFact(json: string): { fact: Fact; contentHash: string } {
  const { contentHash, position, labels, ...rest } = JSON.parse(json) as StoredFact
  const restored = Object.fromEntries(Object.entries(labels).map(([version, own]) => [version, own.map((label) => label.replace('\t', '\u0000'))]))
  return { fact: { ...rest, labels: restored, position: BigInt(position) }, contentHash }
}

export function insertLinks(tx: Queryable, links: readonly (AliasKey & { unit: string; key: string; learnedAt: bigint })[]): Promise<unknown>[] {
  if (links.length === 0) return []
  const rows = sorted(links, (link) => link.learnedAt)
  return [tx.query(
    `insert into instance_key (model, name, value, unit, primary_key, learned_at)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::bigint[]) on conflict do nothing`,
    [...columns(rows), uuids(rows, (link) => link.unit), texts(rows, (link) => link.key), bigints(rows, (link) => link.learnedAt)],
  )]
}

export function insertWaiting(tx: Queryable, waits: readonly (AliasKey & { position: bigint; fact: string })[]): Promise<unknown>[] {
  if (waits.length === 0) return []
  const waiting = sorted(waits, (row) => row.position)
  return [tx.query(
    `insert into waiting_event (model, name, value, position, fact_json)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[]) on conflict do nothing`,
    [...columns(waiting), bigints(waiting, (row) => row.position), texts(waiting, (row) => row.fact)],
  )]
}

/** What was released waits no more. */
export function releaseWaiting(tx: Queryable, all: readonly (AliasKey & { position: bigint; by: bigint })[]): Promise<unknown>[] {
  if (all.length === 0) return []
  const released = sorted(all, (row) => row.position)
  return [tx.query(
    `update waiting_event as waiting set released_at = row.by
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) as row (model, name, value, position, by)
     where waiting.model = row.model and waiting.name = row.name and waiting.value = row.value and waiting.position = row.position and released_at is null`,
    [...columns(released), bigints(released, (row) => row.position), bigints(released, (row) => row.by)],
  )]
}

/** It is tracked now, and has no fate of its own; unless its instance has said another one meanwhile. `begins`: of the reason it waited for. */
export function endWaitingFates(tx: Queryable, released: readonly { readonly model: string; readonly position: bigint }[], begins: string): Promise<unknown>[] {
  if (released.length === 0) return []
  return [tx.query(
    `delete from event_fate as fate using unnest($1::text[], $2::bigint[]) as row (model, position)
     where fate.model = row.model and fate.position = row.position and fate.kind = 'waiting' and starts_with(fate.reason, $3)`,
    [texts(released, (row) => row.model), bigints(released, (row) => row.position), begins],
  )]
}

export interface FateRow {
  readonly position: bigint
  readonly model: string
  readonly kind: 'duplicate' | 'waiting' | 'ignored' | 'quarantined' | 'tooOld'
  readonly reason: string
}

/** The first that is said of an event in a model stands; that it waits gives way to anything else. */
export function insertFates(tx: Queryable, fates: readonly FateRow[]): Promise<unknown>[] {
  if (fates.length === 0) return []
  const said = new Map<string, FateRow>()
  for (const fate of fates) {
    const id = `${fate.position} ${fate.model}`
    if ((said.get(id)?.kind ?? 'waiting') === 'waiting') said.set(id, fate)
  }
  const rows = [...said.values()].sort((a, b) => compare(a.position, b.position) || compare(a.model, b.model))
  return [tx.query(
    `insert into event_fate (position, model, kind, reason) select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
     on conflict (position, model) do update set kind = excluded.kind, reason = excluded.reason where event_fate.kind = 'waiting' and excluded.kind <> 'waiting'`,
    [bigints(rows, (row) => row.position), texts(rows, (row) => row.model), texts(rows, (row) => row.kind), texts(rows, (row) => row.reason)],
  )]
}

/** Of events that a unit keeps out of its instances: what is said of them changes. */
export function writeHeldFates(tx: Queryable, { fates, goneFates }: Pick<Changes, 'fates' | 'goneFates'>): Promise<unknown>[] {
  return [
    ...(goneFates.length === 0 ? [] : [tx.query(
      `delete from event_fate as fate using unnest($1::text[], $2::bigint[]) as row (model, position) where fate.model = row.model and fate.position = row.position`,
      [texts(goneFates, (row) => row.model), bigints(goneFates, (row) => row.position)],
    )]),
    ...(fates.length === 0 ? [] : [tx.query(
      `insert into event_fate (position, model, kind, reason) select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
       on conflict (position, model) do update set kind = excluded.kind, reason = excluded.reason`,
      [bigints(fates, (row) => row.position), texts(fates, (row) => row.model), texts(fates, (row) => row.kind), texts(fates, (row) => row.reason)],
    )]),
  ]
}

/** What is said of events that units keep out of their instances. */
export function readHeldFates(db: Queryable, positions: readonly bigint[]): Promise<readonly { position: string; model: string; kind: string }[]> {
  return db.query(`select position, model, kind from event_fate where position = any($1::bigint[])`, [positions])
}

export function countTypes(tx: Queryable, types: ReadonlyMap<string, { count: number; first: number; last: number }>): Promise<unknown>[] {
  const rows = [...types].sort(([a], [b]) => (a < b ? -1 : 1))
  if (rows.length === 0) return []
  return [tx.query(
    `insert into event_type (shard, type, count, first_seen, last_seen) select 0, type, count, first, last
     from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) as row (type, count, first, last)
     on conflict (shard, type) do update set count = event_type.count + excluded.count, first_seen = least(event_type.first_seen, excluded.first_seen),
       last_seen = greatest(event_type.last_seen, excluded.last_seen)`,
    [texts(rows, ([type]) => type), bigints(rows, ([, row]) => row.count), bigints(rows, ([, row]) => row.first), bigints(rows, ([, row]) => row.last)],
  )]
}

/** Two writers that take their rows in the same order cannot wait for each other. Values come first: nearly all differ, so that most pairs are told by one look. */
function sorted<Row extends AliasKey>(rows: readonly Row[], last: (row: Row) => bigint): readonly Row[] {
  return [...rows].sort((a, b) => compare(a.value, b.value) || compare(a.name, b.name) || compare(a.model, b.model) || compare(last(a), last(b)))
}

function columns(aliases: readonly AliasKey[]): [Buffer, Buffer, Buffer] {
  return [texts(aliases, (alias) => alias.model), texts(aliases, (alias) => alias.name), texts(aliases, (alias) => alias.value)]
}
