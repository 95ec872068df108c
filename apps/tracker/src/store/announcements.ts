/**
 * What trackers that share a log tell each other, over NOTIFY of the database they share: a commit says how far its shards are and what changed, so
 * that every process answers and shows what any of them has committed; a change of members or shards says that there is something to look at. It
 * only makes things quick: whoever hears nothing looks every few seconds.
 */
import { z } from 'zod'
import type { Database, Queryable } from './database.js'
import type { Committed } from './progress.js'
import type { ShardState } from './write/shards.js'

const CHANNEL = 'tidemark'
/** Postgres takes 8000. */
const MAX_PAYLOAD_BYTES = 7_900

/** Short names: it has to be small. */
const Told = z.object({
  /** Who says it. */
  m: z.string(),
  /** Shards with position and clock; absent where only ownership changed. */
  p: z.array(z.tuple([z.number(), z.string(), z.number()])).optional(),
  /** Commits of each of them; absent: by a version that did not count. */
  n: z.array(z.number()).optional(),
  o: z.array(z.string()).optional(),
  /** What changed has no room: everything may have. */
  e: z.boolean().optional(),
  i: z.number().optional(),
  a: z.boolean().optional(),
  k: z.boolean().optional(),
  v: z.array(z.tuple([z.string(), z.number(), z.string(), z.string(), z.array(z.string())])).optional(),
})

/** How far a shard is. */
export type ShardPlace = Pick<ShardState, 'id' | 'position' | 'clock' | 'commits'>

export interface Announcement {
  readonly by: string
  /** Undefined: look who owns what. */
  readonly commit: { readonly shards: readonly ShardPlace[]; readonly what: Omit<Committed, 'position' | 'clock'> } | undefined
}

export async function announceCommit(tx: Queryable, by: string, committed: Committed, shards: readonly ShardPlace[]): Promise<void> {
  const { models, instances, alerts, commands, moves } = committed
  const said: z.infer<typeof Told> = { m: by, p: shards.map(({ id, position, clock }) => [id, String(position), clock]), n: shards.map(({ commits }) => commits) }
  if (models === 'everything') said.e = true
  else if (models.length > 0) said.o = [...models]
  if (instances > 0) said.i = instances
  if (alerts) said.a = true
  if (commands) said.k = true
  // Moves are there to be animated: as many of them as there is room for.
  let bytes = Buffer.byteLength(JSON.stringify(said))
  const told: NonNullable<typeof said.v> = []
  for (const { model, version, instance, key, flows } of moves) {
    const move: (typeof told)[number] = [model, version, instance, key, [...flows]]
    bytes += Buffer.byteLength(JSON.stringify(move)) + 8
    if (bytes > MAX_PAYLOAD_BYTES) break
    told.push(move)
  }
  if (told.length > 0) said.v = told
  let text = JSON.stringify(said)
  // Without names everybody reads everything again; with very many shards not even these have room, and everybody looks.
  for (const shorter of [{ m: by, p: said.p, n: said.n, e: true, i: instances, a: true, k: true }, { m: by }]) {
    if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) text = JSON.stringify(shorter)
  }
  await tx.query(`select pg_notify('${CHANNEL}', $1)`, [text])
}

export async function announceChange(db: Queryable, by: string): Promise<void> {
  await db.query(`select pg_notify('${CHANNEL}', $1)`, [JSON.stringify({ m: by })])
}

/** What does not read as one of these is passed over: another version may say more. Answers the function that ends it. */
export async function hearAnnouncements(db: Database, hear: (said: Announcement) => void): Promise<() => Promise<void>> {
  if (db.listen === undefined) return async () => undefined
  return db.listen(CHANNEL, (payload) => {
    const said = read(payload)
    if (said !== undefined) hear(said)
  })
}

function read(payload: string): Announcement | undefined {
  let body: unknown
  try {
    body = JSON.parse(payload)
  } catch {
    return undefined
  }
  const { data, success } = Told.safeParse(body)
  if (!success) return undefined
  if (data.p === undefined) return { by: data.m, commit: undefined }
  return {
    by: data.m,
    commit: {
      shards: data.p.map(([id, position, clock], index) => ({ id, position: BigInt(position), clock, commits: data.n?.[index] ?? 0 })),
      what: {
        models: data.e === true ? 'everything' : data.o ?? [], instances: data.i ?? 0, alerts: data.a ?? false, commands: data.k ?? false,
        moves: (data.v ?? []).map(([model, version, instance, key, flows]) => ({ model, version, instance, key, flows })),
      },
    },
  }
}
