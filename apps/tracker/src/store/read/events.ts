/**
 * What the tables say of events. Where several are asked for, each is looked up by itself: in a table that has grown since it was analyzed, or never was,
 * the planner takes some tens of them for a quarter of the rows, and reads all of it with several processes.
 */
import type { Queryable } from '../database.js'

export interface TrackedRow {
  readonly position: string
  readonly model: string | null
  readonly version: number | null
  readonly instance: string | null
  readonly element: string | null
  readonly reading: string | null
}

/** Where these events stand in the runs that took them; one row per unit that an event belongs to. */
export function readTracked(db: Queryable, positions: readonly string[]): Promise<TrackedRow[]> {
  return db.query<TrackedRow>(
    `select e.position, i.model, i.version, e.instance, e.element, e.reading from unnest($1::bigint[]) as wanted (position)
     cross join lateral (select position, instance, element, reading from instance_event where instance_event.position = wanted.position and kind = 'event' offset 0) as e
     left join lateral (select model, version from instance where instance.id = e.instance offset 0) as i on true order by e.position, i.model`,
    [positions],
  )
}

/** History of events up to here may have been dropped. */
export async function readDroppedUpTo(db: Queryable): Promise<bigint> {
  const [row] = await db.query<{ position: string }>(`select coalesce(max(position), 0) as position from dropped_history`)
  return BigInt(row?.position ?? 0)
}

export interface FateRow {
  readonly position: string
  readonly model: string
  readonly kind: 'duplicate' | 'waiting' | 'ignored' | 'incident' | 'quarantined' | 'tooOld'
  readonly reason: string
}

/** Why these events were not tracked. */
export function readFates(db: Queryable, positions: readonly string[]): Promise<FateRow[]> {
  return db.query<FateRow>(
    `select fate.* from unnest($1::bigint[]) as wanted (position)
     cross join lateral (select position, model, kind, reason from event_fate where event_fate.position = wanted.position offset 0) as fate order by fate.position, fate.model`, [positions])
}

export interface DiscardedRow {
  readonly position: string
  readonly actor: string
  readonly comment: string | null
}

/** Who threw which of these events away, and why: the first who did. */
export function readDiscarded(db: Queryable, positions: readonly string[]): Promise<DiscardedRow[]> {
  return db.query<DiscardedRow>(
    `select distinct on (target) target as position, actor, comment from operation where op = 'discardEvent' and target = any($1::text[]) order by target, position`, [positions])
}

/** Positions of events with a fate of this kind below a position, newest first. */
export function readPositionsByFate(db: Queryable, kind: string, below: bigint, limit: number): Promise<{ position: string }[]> {
  return db.query(
    `select distinct position from event_fate where kind = $1 and position < $2::bigint order by position desc limit $3::int`,
    [kind, String(below), limit],
  )
}

/** Positions of tracked events below a position, newest first. */
export function readTrackedPositions(db: Queryable, below: bigint, limit: number): Promise<{ position: string }[]> {
  return db.query(
    `select distinct position from instance_event
     where position < $1::bigint and kind = 'event' and instance is not null order by position desc limit $2::int`,
    [String(below), limit],
  )
}

export interface EventTypeRow {
  readonly type: string
  readonly count: string
  readonly first_seen: string
  readonly last_seen: string
}

/** One observed type, summed over shards. */
export async function readEventType(db: Queryable, type: string): Promise<EventTypeRow | undefined> {
  const [row] = await db.query<EventTypeRow>(
    `select type, sum(count)::bigint as count, min(first_seen) as first_seen, max(last_seen) as last_seen from event_type where type = $1 group by type`, [type])
  return row
}

/** Observed types after `after` by name, summed over shards. */
export function readEventTypes(db: Queryable, after: string | undefined, limit: number): Promise<EventTypeRow[]> {
  return db.query<EventTypeRow>(
    `select type, sum(count)::bigint as count, min(first_seen) as first_seen, max(last_seen) as last_seen from event_type
     where $1::text is null or type > $1::text group by type order by type limit $2::int`,
    [after ?? null, limit],
  )
}
