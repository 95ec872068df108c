/** For tests that read given / when / then: processes in a few lines, events as words, time in durations after a fixed start. */
import type { CommandMode, Element, ElementKind, ProcessModel, SequenceFlow } from '../model.js'
import { durationMs } from '../time/duration.js'
import { Binder } from '../bind/correlate.js'
import { calledLabels } from '../track/calls.js'
import type { Fact } from '../track/fact.js'
import type { Version } from '../track/fold.js'
import { messageLabels } from '../track/messages.js'
import { TrackedModel } from '../track/tracked-model.js'
import { itemKeysOf } from '../net/item-scopes.js'
import { labelOf, partsOf } from '../net/net.js'
import { itemLabels } from '../track/tracked-items.js'
import { Unit, type InstanceView } from '../track/unit.js'
import type { ShownDeadline } from '../track/agenda.js'
import { deadlinesOf } from '../track/view.js'

export type ElementDraft = Partial<Omit<Element, 'id' | 'kind' | 'incoming' | 'outgoing'>> & { readonly kind?: ElementKind }

export interface ProcessDraft extends Partial<Omit<ProcessModel, 'elements' | 'flows'>> {
  /** By id. Activities and message events are bound to the event type that equals their id, unless `bindings` says otherwise. */
  readonly elements: Readonly<Record<string, ElementDraft>>
  /** `a > b > c`, each arrow a flow named `a>b`; ` if condition` at the end puts FEEL on the last one. */
  readonly flows: readonly string[]
}

export function processOf(draft: ProcessDraft): ProcessModel {
  const flows: SequenceFlow[] = []
  for (const line of draft.flows) {
    const [path = '', condition] = line.split(' if ')
    const ids = path.split('>').map((id) => id.trim())
    ids.slice(1).forEach((target, index) => {
      const source = ids[index] ?? ''
      const last = index === ids.length - 2
      flows.push({ id: `${source}>${target}`, name: '', source, target, ...(last && condition !== undefined ? { condition: { text: condition, feel: true } } : {}) })
    })
  }
  const elements = Object.entries(draft.elements).map(([id, given]): Element => {
    const kind = given.kind ?? kindOf(id)
    const phase = kind.endsWith('Event') ? 'occur' : 'end'
    const silent = kind.endsWith('Gateway') || kind === 'subProcess' || (kind.endsWith('Event') && (given.trigger?.kind ?? 'none') !== 'message')
    return {
      id, name: id, kind, incoming: flows.filter((flow) => flow.target === id).map((flow) => flow.id), outgoing: flows.filter((flow) => flow.source === id).map((flow) => flow.id),
      bindings: silent || given.command !== undefined ? [] : [{ event: id, phase, from: 'name' }],
      ...given,
    }
  })
  const { elements: _elements, flows: _flows, ...rest } = draft
  return {
    id: 'process', name: 'Process', keys: [{ name: 'key', value: 'subject' }], mode: 'observe' as CommandMode, tolerance: 'PT2S', grace: 'PT30S', maxGrace: 'PT10M',
    zone: 'UTC', effectsMaxAge: 'P1D', unexpected: [], accepted: [], ...rest, elements, flows,
  }
}

/** `start`, `end`, `xor1`, `and1`, `or1`, `race1` by how the id begins; all else is a task. */
function kindOf(id: string): ElementKind {
  if (id.startsWith('start')) return 'startEvent'
  if (id.startsWith('end')) return 'endEvent'
  if (id.startsWith('xor')) return 'exclusiveGateway'
  if (id.startsWith('and')) return 'parallelGateway'
  if (/^or\d/.test(id)) return 'inclusiveGateway'
  if (id.startsWith('race')) return 'eventBasedGateway'
  return 'task'
}

/** 2026-01-01T00:00:00Z. */
export const START = Date.UTC(2026, 0, 1)

/** One key of one process, fed event by event. Times are durations after {@link START}. */
export class Scenario {
  readonly model: TrackedModel
  readonly unit: Unit
  #position = 0n
  #now = START

  readonly #called: ReadonlyMap<string, TrackedModel>

  /** @param called processes that are followed too, for calls */
  constructor(process: ProcessModel, called: readonly ProcessModel[] = []) {
    this.model = new TrackedModel(process)
    this.#called = new Map(called.map((other) => [other.id, new TrackedModel(other)]))
    this.unit = new Unit({ ...contextFor(this.model), called: { follows: (id) => this.#called.has(id), versionAt: (id) => versionOne(this.#called.get(id)) } }, 'k')
  }

  /** An event that happened then, and arrived then or `arrives` later. */
  event(type: string, at: string, options: { readonly arrives?: string; readonly patch?: Record<string, unknown>; readonly source?: string; readonly sequence?: string; readonly item?: string } = {}): this {
    const time = START + durationMs(at)
    const fact = factOf(this.model.process, ++this.#position, type, time, {
      appendTime: options.arrives === undefined ? time : START + durationMs(options.arrives), ...options,
    })
    const labels: Record<string, readonly string[]> = { ...fact.labels }
    for (const [id, { process }] of this.#called) {
      const own = labelsFor(process, type)
      if (own.length > 0) labels[calledLabels(id, 1)] = own
    }
    const said = this.model.process.messages === undefined ? undefined : new Binder(this.model.process).messagesIn({ id: '', source: '/test', type, time })
    if (said !== undefined) labels[messageLabels(1)] = said.says
    this.unit.add([{ ...fact, labels }])
    this.#now = Math.max(this.#now, fact.appendTime)
    return this
  }

  /** Anything else that joins the fold: commands that left or were settled, what people did. */
  entry(fact: Omit<Fact, 'position' | 'labels' | 'time' | 'appendTime' | 'source' | 'id'>, at: string): this {
    const time = START + durationMs(at)
    const position = ++this.#position
    this.unit.add([{ ...fact, position, labels: {}, time, appendTime: time, source: '/tidemark', id: String(position) }])
    this.#now = Math.max(this.#now, time)
    return this
  }

  /** The instances once the clock says so; without a time: just after the last arrival. */
  shown(at?: string): readonly InstanceView[] {
    return this.unit.view(this.#clock(at))
  }

  /** What is due of the only instance. */
  deadlines(at?: string): readonly ShownDeadline[] {
    return deadlinesOf(this.instance(at).shown, this.#clock(at))
  }

  #clock(at: string | undefined): number {
    return at === undefined ? this.#now : START + durationMs(at)
  }

  /** The only instance. */
  instance(at?: string): InstanceView {
    const [instance, ...others] = this.shown(at)
    if (instance === undefined || others.length > 0) throw new Error(`expected one instance, there are ${others.length + (instance === undefined ? 0 : 1)}`)
    return instance
  }

  tokens(at?: string): readonly string[] {
    return this.instance(at).view.tokens.map((token) => token.element).sort()
  }

  /** `kind element` of each deviation. */
  deviations(at?: string): readonly string[] {
    return this.instance(at).view.deviations.map((deviation) => `${deviation.kind} ${deviation.elements.join(' ')}`)
  }
}

function versionOne(model: TrackedModel | undefined): Version | undefined {
  return model === undefined ? undefined : { version: 1, model }
}

export function contextFor(model: TrackedModel): ConstructorParameters<typeof Unit>[0] {
  return { model: model.process.id, versionAt: () => ({ version: 1, model }), identify: (parts) => parts.join('/') }
}

export function labelsFor(process: ProcessModel, type: string): readonly string[] {
  return process.elements.flatMap((element) => element.bindings.filter((binding) => binding.event === type).map((binding) => labelOf(element.id, binding.phase))).sort()
}

/** An item of every part around; of parts inside parts, one each with '/' between, the outermost first. */
function itemsIn(process: ProcessModel, labels: readonly string[], item: string | undefined): Record<string, readonly string[]> {
  if (item === undefined) return {}
  const named = new Map(labels.flatMap((label) => (itemKeysOf(process).get(partsOf(label).element) ?? []).map(({ scope }, depth) => [scope, item.split('/')[depth] ?? ''] as const)))
  return named.size === 0 ? {} : { [itemLabels(1)]: [...named].map(([scope, key]) => `${scope}\u0000${key}`).sort() }
}

export function factOf(
  process: ProcessModel, position: bigint, type: string, time: number,
  options: { readonly appendTime?: number; readonly item?: string | undefined; readonly patch?: Record<string, unknown> | undefined; readonly source?: string | undefined; readonly sequence?: string | undefined; readonly id?: string } = {},
): Fact {
  const labels = labelsFor(process, type)
  const isKnown = labels.length > 0 || process.unexpected.some((rule) => rule.event === type)
  return {
    position, kind: 'event', time, appendTime: options.appendTime ?? time, source: options.source ?? '/test', id: options.id ?? `${type}-${position}`, type,
    labels: isKnown ? { 1: labels, ...itemsIn(process, labels, options.item) } : {}, ...(options.sequence === undefined ? {} : { sequence: options.sequence }),
    ...(options.patch === undefined ? {} : { patch: options.patch }),
  }
}
