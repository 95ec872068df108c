import type { ElementFlow, Flow } from '@tidemark/api'
import type { Database } from '../store/database.js'
import {
  EXACT_TOKENS, readDurations, readElementCounts, readFlowCounts, readOldestWaits, readTokenTotal, readWaitSample, readWaits,
} from '../store/read/flow.js'
import type { ElementCountRow } from '../store/read/flow.js'
import { readModel, readVersionCounts } from '../store/read/models.js'
import { found } from './not-found.js'
import { percentileMs } from './percentile.js'
import type { Bucket } from './percentile.js'
import { nameOf } from './processes.js'
import type { Processes } from './processes.js'
import { showCounts } from './show-model.js'
import { rfc3339 } from './times.js'

/** Of larger elements, about this many tokens of the whole table are looked at: some two hundred pages. */
const SAMPLED_TOKENS = 20_000

/**
 * The live flow of a version (absent: the newest). Counts come from counters, so the answer costs the same however many instances there are.
 * @param clock the tracker's clock, which waits are measured to
 */
export async function showFlow(
  db: Database, processes: Processes, model: string, version: number | undefined, clock: number,
): Promise<Flow> {
  const versions = await readModel(db, model)
  const newest = found(versions.at(-1), 'model', model, '/api/v1/models')
  const shown = version === undefined ? newest : versions.find((row) => row.version === version)
  const { version: number } = found(shown, 'model', `${model}, version ${version}`, '/api/v1/models')
  const process = await processes.get(model, number)
  const counts = await readVersionCounts(db, model, number)
  const elementCounts = new Map((await readElementCounts(db, model, number)).map((row) => [row.element, row]))
  const flows = await readFlowCounts(db, model, number)
  const durations = bucketsByElement(await readDurations(db, model, number))
  const waits = await waitsOf(db, model, number, [...elementCounts.values()], clock)
  return {
    model, version: number, at: rfc3339(clock), ...showCounts(counts),
    elements: (process?.process.elements ?? []).map((element) => ({
      element: element.id, name: nameOf(process, element.id), kind: element.kind,
      ...showElementCounts(elementCounts.get(element.id)),
      ...showDurations(durations.get(element.id)),
      ...waits.get(element.id),
    })),
    flows: flows.map(({ flow, count }) => ({ flow, count: Number(count) })),
  }
}

function showElementCounts(counts: ElementCountRow | undefined) {
  return {
    tokens: Number(counts?.tokens ?? 0), stuck: Number(counts?.stuck ?? 0), late: Number(counts?.late ?? 0),
    deviating: Number(counts?.deviating ?? 0), visits: Number(counts?.visits ?? 0),
  }
}

function showDurations(buckets: readonly Bucket[] | undefined): Pick<ElementFlow, 'durationP50Ms' | 'durationP95Ms'> {
  const p50 = percentileMs(buckets ?? [], 0.5)
  const p95 = percentileMs(buckets ?? [], 0.95)
  return p50 === undefined || p95 === undefined ? {} : { durationP50Ms: p50, durationP95Ms: p95 }
}

function bucketsByElement(rows: readonly { element: string; bucket: number; count: string }[]): Map<string, Bucket[]> {
  const byElement = new Map<string, Bucket[]>()
  for (const { element, bucket, count } of rows) {
    const buckets = byElement.get(element) ?? []
    buckets.push({ bucket, count: Number(count) })
    byElement.set(element, buckets)
  }
  return byElement
}

type Waits = Pick<ElementFlow, 'waitP50Ms' | 'waitP95Ms' | 'waitMaxMs'>

/** How long tokens have waited where they are now. */
async function waitsOf(
  db: Database, model: string, version: number, counts: readonly ElementCountRow[], clock: number,
): Promise<Map<string, Waits>> {
  const waiting = counts.filter(({ tokens }) => Number(tokens) > 0)
  if (waiting.length === 0) return new Map()
  const waited = (since: string) => Math.max(0, clock - Number(since))
  const result = new Map<string, Waits>()
  const isCrowded = ({ tokens }: ElementCountRow) => Number(tokens) > EXACT_TOKENS
  for (const { element, oldest } of await readOldestWaits(db, model, waiting.map(({ element }) => element))) result.set(element, { waitMaxMs: waited(oldest) })
  const few = waiting.filter((row) => !isCrowded(row)).map(({ element }) => element)
  for (const { element, p50, p95 } of few.length === 0 ? [] : await readWaits(db, model, version, few)) {
    if (p50 !== null && p95 !== null) result.set(element, { ...result.get(element), waitP50Ms: waited(p50), waitP95Ms: waited(p95) })
  }
  const crowded = waiting.filter(isCrowded).map(({ element }) => element)
  if (crowded.length === 0) return result
  const sharePercent = Math.min(100, (100 * SAMPLED_TOKENS) / Math.max(1, await readTokenTotal(db)))
  for (const { element, p50, p95 } of await readWaitSample(db, model, version, crowded, sharePercent)) {
    result.set(element, { ...result.get(element), waitP50Ms: waited(p50), waitP95Ms: waited(p95) })
  }
  return result
}
