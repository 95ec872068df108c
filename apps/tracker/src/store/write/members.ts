/**
 * Trackers that share one log. A lease says that a member lives, and is for liveness alone: who owns a shard is what its row says, and what makes a
 * commit safe is the shard's epoch. Times are the database's.
 */
import type { Database, Queryable } from '../database.js'

export interface Member {
  readonly id: string
  /** Of the process, the same when it starts again. */
  readonly name: string
}

/**
 * Becomes a member. A process of the same name was this one before it died: its shards are taken over at once, without waiting for its lease.
 * Answers whether there was one.
 */
export async function joinMembers(db: Database, { id, name }: Member, leaseMs: number): Promise<void> {
  await db.transaction(async (tx) => {
    const before = await tx.query<{ id: string }>(`delete from member where name = $1 and id <> $2 returning id`, [name, id])
    await tx.query(
      `insert into member (id, name, lease_until) values ($1, $2, now() + make_interval(secs => $3::float8))
       on conflict (id) do update set lease_until = excluded.lease_until`, [id, name, leaseMs / 1_000])
    if (before.length > 0) await tx.query(`update shard set owner = $1, epoch = epoch + 1 where owner = any($2::text[])`, [id, before.map((row) => row.id)])
  })
}

/** False where it is no member any more: others have given it up, or another process has its name. */
export async function renewLease(db: Queryable, id: string, leaseMs: number): Promise<boolean> {
  return (await db.query(`update member set lease_until = now() + make_interval(secs => $2::float8) where id = $1 returning id`, [id, leaseMs / 1_000])).length > 0
}

export async function isNameTaken(db: Queryable, { id, name }: Member): Promise<boolean> {
  return (await db.query(`select 1 from member where name = $1 and id <> $2`, [name, id])).length > 0
}

/** Those whose lease runs. */
export function readMembers(db: Queryable): Promise<Member[]> {
  return db.query<{ id: string; name: string }>(`select id, name from member where lease_until > now() order by name`)
}

/** Longer names are cut by the server. */
const NAME_CHARACTERS = 63

/** What a member's commits are called in the database. */
export function sessionNameOf(memberId: string): string {
  return `tidemark ${memberId.slice(memberId.lastIndexOf('/') + 1).replaceAll(/\W/g, '_')}`.slice(0, NAME_CHARACTERS)
}

/** Ends what members that do not live still have on their way: a commit in which one stood still holds the rows of its shards locked. */
export async function endSessions(db: Queryable, memberIds: readonly string[]): Promise<void> {
  if (memberIds.length === 0) return
  await db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and usename = current_user and application_name = any($1::text[])`,
    [memberIds.map(sessionNameOf)])
}

/** Takes those of the shards whose owner does not live. Answers how many. */
export async function takeOrphans(db: Queryable, id: string, shards: readonly number[]): Promise<number> {
  const rows = await db.query(
    `update shard set owner = $1, epoch = epoch + 1 where id = any($2::int[])
       and not exists (select 1 from member where member.id = shard.owner and member.lease_until > now()) returning id`, [id, shards])
  return rows.length
}

/** Gives shards to others that live; the epoch ends what this one might still have on its way. Answers how many. */
export async function giveShards(db: Queryable, id: string, gifts: readonly { readonly shard: number; readonly to: string }[]): Promise<number> {
  if (gifts.length === 0) return 0
  const rows = await db.query(
    `update shard set owner = gift.heir, epoch = epoch + 1 from unnest($2::int[], $3::text[]) as gift (id, heir)
     where shard.id = gift.id and shard.owner = $1 and exists (select 1 from member where member.id = gift.heir and member.lease_until > now()) returning shard.id`,
    [id, gifts.map(({ shard }) => shard), gifts.map(({ to }) => to)])
  return rows.length
}

/** Its shards are for anybody at once. */
export async function leaveMembers(db: Queryable, id: string): Promise<void> {
  await db.query(`delete from member where id = $1`, [id])
}

/** Who has not lived for long. */
export async function forgetMembers(db: Queryable, afterMs: number): Promise<void> {
  await db.query(`delete from member where lease_until < now() - make_interval(secs => $1::float8)`, [afterMs / 1_000])
}
