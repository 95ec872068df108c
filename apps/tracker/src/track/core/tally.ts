/** What a change of an instance does to the counters: what was shown of it is taken out, what is shown now is put in, what it has done since is added. */
import type { InstanceView, Listener, RunView } from '@tidemark/bpmn'
import type { ElementCount, VersionCounts } from '../../store/write/changes.js'

/** All of an instance, on its way in or out. */
export function countAll(counts: VersionCounts, { view }: InstanceView, sign: 1 | -1): void {
  countStanding(counts, view, sign)
  view.tell({
    event: () => undefined, stays: (element, count) => countStays(counts, element, sign * count), flow: (id) => countFlow(counts, id, sign),
    lasted: (element, durationMs) => countDuration(counts, element, durationMs, sign),
  } satisfies Listener)
}

/** Deviations that count. */
export function countedDeviations({ deviations }: RunView): number {
  return deviations.length === 0 ? 0 : deviations.filter((deviation) => !deviation.accepted).length
}

/** Where it stands. */
export function countStanding({ total, elements }: VersionCounts, view: RunView, sign: 1 | -1): void {
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

export function countStays({ elements }: VersionCounts, element: string, count: number): void {
  entryOf(elements, element, noElementCount).visits += count
}

export function countFlow({ flows }: VersionCounts, id: string, count: number): void {
  flows.set(id, (flows.get(id) ?? 0) + count)
}

export function countDuration({ durations }: VersionCounts, element: string, durationMs: number, count: number): void {
  const buckets = entryOf(durations, element, noBuckets)
  const bucket = bucketOf(durationMs)
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + count)
}

export function noCounts(model: string, shard: number, version: number): VersionCounts {
  return {
    shard, model, version, total: { active: 0, completed: 0, terminated: 0, stuck: 0, late: 0, deviating: 0, lastEventAt: 0 },
    elements: new Map(), flows: new Map(), durations: new Map(),
  }
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
