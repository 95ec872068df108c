import type { Queryable } from '../database.js'

/** Elements with at most this many tokens are measured exactly, others on a sample: 2,000 give a 95th percentile within a percent or two. */
export const EXACT_TOKENS = 2_000

export interface ElementCountRow {
  readonly element: string
  readonly tokens: string
  readonly stuck: string
  readonly late: string
  readonly deviating: string
  readonly visits: string
}

/** Counters per element of one version, summed over shards. */
export function readElementCounts(db: Queryable, model: string, version: number): Promise<ElementCountRow[]> {
  return db.query<ElementCountRow>(
    `select element, sum(tokens)::bigint as tokens, sum(stuck)::bigint as stuck, sum(late)::bigint as late,
       sum(deviating)::bigint as deviating, sum(visits)::bigint as visits
     from element_count where shard in (select id from shard) and model = $1 and version = $2::int group by element`,
    [model, version],
  )
}

/** How often each sequence flow of one version was taken, summed over shards. */
export function readFlowCounts(db: Queryable, model: string, version: number): Promise<{ flow: string; count: string }[]> {
  return db.query(
    `select flow, sum(count)::bigint as count from flow_count
     where shard in (select id from shard) and model = $1 and version = $2::int group by flow`,
    [model, version],
  )
}

/** Finished stays per element and bucket: bucket b holds durations of 2^(b/4) ms and more. Summed over shards, smallest first. */
export function readDurations(db: Queryable, model: string, version: number): Promise<{ element: string; bucket: number; count: string }[]> {
  return db.query(
    `select element, bucket, sum(count)::bigint as count from element_duration
     where shard in (select id from shard) and model = $1 and version = $2::int group by element, bucket order by element, bucket`,
    [model, version],
  )
}

/** Since when the token waits that has waited longest at each of these elements, epoch milliseconds. */
export function readOldestWaits(db: Queryable, model: string, elements: readonly string[]): Promise<{ element: string; oldest: string }[]> {
  return db.query(
    `select wanted.element, oldest.since as oldest from unnest($2::text[]) as wanted (element) cross join lateral (
       select since from token where token.model = $1 and token.element = wanted.element order by since limit 1
     ) as oldest`, [model, elements])
}

export interface WaitRow {
  readonly element: string
  /** Medians and 95th percentiles of waiting: since when, epoch milliseconds. */
  readonly p50: string | null
  readonly p95: string | null
}

/** Of elements where at most 2,000 tokens wait; {@link readWaitSample} serves the others. */
export function readWaits(db: Queryable, model: string, version: number, elements: readonly string[]): Promise<WaitRow[]> {
  return db.query<WaitRow>(
    `select wanted.element, percentiles.p50, percentiles.p95 from unnest($3::text[]) as wanted (element)
     cross join lateral (
       select (percentile_disc(0.5) within group (order by since))::bigint as p50, (percentile_disc(0.05) within group (order by since))::bigint as p95
       from (
         select since, token.version from token where token.model = $1 and token.element = wanted.element order by since limit ${EXACT_TOKENS}
       ) as waiting where waiting.version = $2::int
     ) as percentiles`,
    [model, version, elements],
  )
}

export interface WaitSampleRow {
  readonly element: string
  readonly p50: string
  readonly p95: string
  readonly sampled: number
}

/**
 * The same percentiles for elements where more wait, on a share (in percent) of the table's pages. The seed is fixed, so that the figure
 * does not flicker from one reading to the next.
 */
export function readWaitSample(
  db: Queryable, model: string, version: number, elements: readonly string[], sharePercent: number,
): Promise<WaitSampleRow[]> {
  return db.query<WaitSampleRow>(
    `select element, count(*)::int as sampled,
       (percentile_disc(0.5) within group (order by since))::bigint as p50,
       (percentile_disc(0.05) within group (order by since))::bigint as p95
     from (
       select element collate "C" as element, since from token tablesample system ($4::real) repeatable (1)
       where model = $1 and version = $2::int and element = any($3::text[])
     ) as sample group by element`,
    [model, version, elements, sharePercent],
  )
}

/** Tokens of all models and versions, summed over the counters: how large the table is that is sampled. */
export async function readTokenTotal(db: Queryable): Promise<number> {
  const rows = await db.query<{ tokens: string }>(`select coalesce(sum(tokens), 0)::bigint as tokens from element_count`)
  return Number(rows[0]?.tokens ?? 0)
}
