/** Events of a key without an instance that the decision of the model keeps out. */
import type { Verdict } from '../decide/admission.js'
import { partsOf } from '../net/net.js'
import type { Fact } from './fact.js'
import type { TrackedModel } from './tracked-model.js'

/** An event without an instance, kept under its key: what was decided about it, and when that is said. */
export interface HeldEvent {
  readonly position: bigint
  /** The first element that it may mean. */
  readonly element: string
  readonly type: string
  readonly time: number
  readonly verdict: Verdict
  /** Until then an event that would make it part of an instance may still come. */
  readonly settlesAt: number
  /** It happened so long before it came that nobody is called. */
  readonly silent: boolean
}

/** What the model decides about an event that begins nothing by itself; undefined where it begins an instance all the same. */
export function holdBack(model: TrackedModel, key: string, fact: Fact, labels: readonly string[], held: ReadonlyMap<bigint, HeldEvent>): HeldEvent | undefined {
  if (model.admission === undefined || model.canStart(labels)) return undefined
  const elements = [...new Set(labels.map((label) => partsOf(label).element))]
  const verdict = model.admission.decide({
    type: fact.type, source: fact.source, key, time: fact.time, appendTime: fact.appendTime, data: fact.patch ?? {}, elements,
    waiting: [...held.values()].map(({ type }) => type),
  })
  if (verdict.action === 'create') return undefined
  return {
    position: fact.position, element: elements[0] ?? '', type: fact.type, time: fact.time, verdict, settlesAt: fact.appendTime + model.graceMs,
    silent: fact.appendTime - fact.time > model.effectsMaxAgeMs,
  }
}
