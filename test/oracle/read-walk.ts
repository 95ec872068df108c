/** What Tidemark makes of a simulated walk: each instance is followed by its events, and what is said of it is held against what happened. */
import { TrackedModel, Unit, labelOf, type Element, type Fact, type Phase, type ProcessModel } from '@tidemark/bpmn'
import type { SimulatedWalk } from './simulation.js'

/** Between two happenings; after the last, until nothing more is waited for. */
const PACE_MS = 60_000
const QUIET_MS = 365 * 86_400_000

/** Thrown and caught inside of one instance: what catches it is the event. */
const INTERNAL: ReadonlySet<string> = new Set(['none', 'link', 'terminate', 'error', 'escalation', 'cancel', 'compensation'])

/** A process of which everything is reported that the simulator tells of: events are called like the element's id. The simulator knows no data. */
function observed(process: ProcessModel): ProcessModel {
  const flows = process.flows.map(({ condition: _condition, ...flow }) => flow)
  return { ...process, flows, elements: process.elements.map((element) => ({ ...element, bindings: bindingsOf(element) })) }
}

function bindingsOf(element: Element): Element['bindings'] {
  const bound = (phase: Phase) => [{ event: element.id, phase, from: 'mapping' as const }]
  const trigger = element.trigger?.kind ?? 'none'
  switch (element.kind) {
    case 'endEvent':
    case 'intermediateThrowEvent':
      return INTERNAL.has(trigger) ? [] : bound('occur')
    case 'startEvent':
    case 'boundaryEvent':
    case 'intermediateCatchEvent':
      return trigger === 'none' || trigger === 'link' || trigger === 'compensation' ? [] : bound('occur')
    default:
      return /task$|^callActivity$/i.test(element.kind) ? bound('end') : []
  }
}

/** The processes of a file by the ids of their elements. */
export type Models = ReadonlyMap<string, TrackedModel>

export function modelsOf(processes: readonly ProcessModel[]): Models {
  return new Map(processes.map(observed).flatMap((process) => {
    const model = new TrackedModel(process)
    return process.elements.map((element): [string, TrackedModel] => [element.id, model])
  }))
}

/** `kind element` of every deviation, `open` where an instance that came to its end is not seen to have ended, `approximate` where a bound was hit. */
export function differences(models: Models, walk: SimulatedWalk): readonly string[] {
  return walk.ended.flatMap((ended, instance) => {
    const happened = walk.happenings.filter((happening) => happening.instance === instance)
    const model = models.get(happened[0]?.element ?? '')
    const facts = happened.flatMap(({ element }, index) => (model === undefined ? [] : factsOf(model, element, index)))
    if (model === undefined || facts.length === 0) return []
    const unit = new Unit({ model: model.process.id, versionAt: () => ({ version: 1, model }), identify: (parts) => parts.join('/') }, 'k')
    unit.add(facts)
    const views = unit.view(facts.length * PACE_MS + QUIET_MS).map(({ view }) => view)
    const deviations = views.flatMap((view) => view.deviations.map((deviation) => `${deviation.kind} ${deviation.elements.join(' ')}`))
    return [
      ...deviations,
      ...(views.length > 1 ? ['several runs'] : []),
      ...(ended && deviations.length === 0 && views.at(-1)?.status === 'active' ? ['open'] : []),
      ...(views.some((view) => view.approximate) ? ['approximate'] : []),
    ]
  })
}

function factsOf(model: TrackedModel, element: string, index: number): Fact[] {
  const bindings = model.elements.get(element)?.bindings ?? []
  const time = (index + 1) * PACE_MS
  return bindings.map((binding) => ({
    position: BigInt(index + 1), kind: 'event', time, appendTime: time, source: '/simulator', id: String(index), type: element,
    labels: { 1: [labelOf(element, binding.phase)] },
  }))
}
