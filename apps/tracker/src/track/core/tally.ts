/** What a change of an instance does to the counters: what was shown of it is taken out, what is shown now is put in, what it has done since is added. */
import type { InstanceView, RunView, History } from '@tidemark/bpmn'
import type { Changes, ElementCount, VersionCounts } from '../../store/write/changes.js'

/** Whose counters. */
export interface Counted {
  readonly model: string
  readonly shard: number
}

/** All of an instance, on its way in or out. */
export function countAll(changes: Changes, whose: Counted, { view, version }: InstanceView, sign: 1 | -1): void {
  const counts = countsOf(changes, whose, version)
  countStanding(counts, view, sign)
  countTold(counts, view, sign)
}

/** @param told what it has done since `before`; undefined where all of it is told anew */
export function countChange(changes: Changes, whose: Counted, before: InstanceView, after: InstanceView, told: History | undefined): void {
  if (told === undefined || before.version !== after.version) {
    countAll(changes, whose, before, -1)
    countAll(changes, whose, after, 1)
    return
  }
  const counts = countsOf(changes, whose, after.version)
  countStanding(counts, before.view, -1)
  countStanding(counts, after.view, 1)
  countTold(counts, told, 1)
}

/** Deviations that count. */
export function countedDeviations({ deviations }: RunView): number {
  return deviations.length === 0 ? 0 : deviations.filter((deviation) => !deviation.accepted).length
}

/** Where it stands. */
function countStanding({ total, elements }: VersionCounts, view: RunView, sign: 1 | -1): void {
  total[view.status] += sign
  if (view.stuck) total.stuck += sign
  if (view.late && view.status === 'active') total.late += sign
  if (sign > 0) total.lastEventAt = Math.max(total.lastEventAt, view.lastEventAt)
  for (const token of view.tokens) {
    const own = entryOf(elements, token.element, noElementCount)
    own.tokens += sign
    if (token.stuck) own.stuck += sign
    if (token.late) own.late += sign
  }
  if (view.deviations.length === 0) return
  if (countedDeviations(view) > 0) total.deviating += sign
  for (const id of new Set(view.deviations.flatMap((deviation) => (deviation.accepted ? [] : deviation.elements)))) entryOf(elements, id, noElementCount).deviating += sign
}

/** What it has done. */
function countTold({ elements, flows, durations }: VersionCounts, told: History, sign: 1 | -1): void {
  for (const [id, visits] of told.visits) if (visits !== 0) entryOf(elements, id, noElementCount).visits += sign * visits
  for (const flow of told.flows) flows.set(flow, (flows.get(flow) ?? 0) + sign)
  for (const [id, durationMs] of told.durations) {
    const buckets = entryOf(durations, id, noBuckets)
    const bucket = bucketOf(durationMs)
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + sign)
  }
}

function countsOf(changes: Changes, { shard, model }: Counted, version: number): VersionCounts {
  return entryOf(changes.counts, `${shard} ${version} ${model}`, () => ({
    shard, model, version, total: { active: 0, completed: 0, terminated: 0, stuck: 0, late: 0, deviating: 0, lastEventAt: 0 },
    elements: new Map(), flows: new Map(), durations: new Map(),
  }))
}

function noElementCount(): ElementCount {
  return { tokens: 0, stuck: 0, late: 0, deviating: 0, visits: 0 }
}

function noBuckets(): Map<number, number> {
  return new Map()
}

/** Bucket b holds durations from 2^(b/4) milliseconds. */
export function bucketOf(durationMs: number): number {
  return durationMs < 1 ? 0 : Math.floor(Math.log2(durationMs) * 4)
}

export function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
