/**
 * Which units a batch concerns. The plan of an entry depends only on entries before it: keys count from the position at which they were
 * learned, and an event whose key is not linked yet waits under it.
 */
import type { Binder, DomainEvent, Fact } from '@tidemark/bpmn'
import { calledLabels, itemLabels, labelOf, messageLabels } from '@tidemark/bpmn'
import type { Entry } from '@tidemark/log'
import { contentOf, type Content } from './content.js'
import type { Decoded } from './decode.js'
import { variablesOf } from './variables.js'

export interface PlannedModel {
  readonly id: string
  /** Newest first. */
  readonly versions: readonly PlannedVersion[]
  /** Processes that it calls, as far as they are followed. */
  readonly calls?: readonly PlannedModel[]
}

export interface PlannedVersion {
  readonly version: number
  readonly binder: Binder
  /** Entries up to here are not its own: they came before it was deployed. Of a model's first version 0, since that one catches up. */
  readonly after: bigint
  /** Name of the key that identifies an instance; all others find it. */
  readonly primaryKey: string
}

/** An alias: a key by which an instance is found, but not made. */
export interface Alias {
  readonly model: string
  readonly name: string
  readonly value: string
}

/** A fact with what its row needs beside it. */
export interface PlannedFact {
  readonly fact: Fact
  readonly contentHash: string
  /** JSON of its patch as it came, where that is how it is stored. A view of memory that is not its own, so that nobody keeps it beyond the batch. */
  readonly patchJson?: Uint8Array | undefined
  /** Of an event that waited: the entry that released it. */
  readonly by?: bigint | undefined
}

export interface BoundEvent {
  /** What is kept of it. */
  readonly planned: PlannedFact
  readonly model: string
  readonly primary: string | undefined
  readonly aliases: readonly Alias[]
  /** Why it is not known what it means. */
  readonly refused: string | undefined
}

export interface Link extends Alias {
  readonly key: string
  readonly learnedAt: bigint
}

export interface Waiting extends Alias {
  readonly planned: PlannedFact
}

/** What happens to one unit. */
export interface PlannedPart {
  readonly model: string
  readonly key: string
  readonly facts: PlannedFact[]
}

export interface Plan {
  /** By model and primary key, in log order. */
  readonly parts: Parts
  readonly links: readonly Link[]
  /** Events that now wait, and waiting events that were released (by alias and position). */
  readonly waiting: readonly Waiting[]
  readonly released: readonly (Alias & { readonly position: bigint; readonly by: bigint })[]
  readonly fates: readonly { readonly position: bigint; readonly model: string; readonly kind: 'ignored' | 'waiting' | 'quarantined'; readonly reason: string }[]
}

/** What it says of keys: all that is needed of it once its parts are on their way. */
export type PlannedKeys = Pick<Plan, 'links' | 'waiting' | 'released'>

/** What is known of aliases before the batch. */
export interface KnownAliases {
  /** Primary keys, by {@link aliasId}. */
  readonly linked: ReadonlyMap<string, readonly string[]>
  readonly waiting: ReadonlyMap<string, readonly PlannedFact[]>
}

/** An alias of more primaries than this links nothing: it is a hub (a customer, a warehouse), not a key. */
export const MAX_PRIMARIES = 20

/** Events that wait under one alias: more are kept in the log alone. A key that so many speak of and nobody links is no key of an instance. */
export const MAX_WAITING = 1_000

/** Begins the reason of a fate that ends with the link. */
export const WAITS_FOR_LINK = 'waits until an event links'

/**
 * The first pass: what each event means in each model, and by which keys.
 * @param isOurs whether a primary key belongs to a shard that we follow: of events of others only the keys that they link count; absent: all are ours
 */
export function bindEvents(events: readonly Extract<Decoded, { kind: 'event' }>[], models: readonly PlannedModel[], isOurs?: (key: string) => boolean): readonly BoundEvent[] {
  const bound: BoundEvent[] = []
  for (const { entry, event } of events) {
    // Only who folds it asks for them.
    let content: Content | undefined
    let patch: Fact['patch'] | undefined
    for (const model of models) {
      const meant = meaningIn(model, entry.position, event)
      if (meant === undefined) continue
      const { labels, primaryKey, refused } = meant
      let primary: string | undefined
      let aliases = NO_ALIASES
      for (const { name, value } of meant.keys) {
        if (name === primaryKey) primary ??= value
        else aliases = aliases.length === 0 ? [{ model: model.id, name, value }] : [...aliases, { model: model.id, name, value }]
      }
      if (primary !== undefined && refused === undefined && isOurs?.(primary) === false) {
        if (aliases.length > 0) bound.push({ planned: { fact: factOfOthers(entry), contentHash: '' }, model: model.id, primary, aliases, refused })
        continue
      }
      if (content === undefined) {
        content = contentOf(entry.payload)
        patch = variablesOf(event.data)
      }
      const { position, time, appendTime } = entry
      const { source, id, type, sequence } = event
      const fact = { position, kind: 'event' as const, time, appendTime, source, id, type, sequence, labels, patch }
      const planned = { fact, contentHash: content.hash, patchJson: patch === event.data ? content.data : undefined }
      bound.push({ planned, model: model.id, primary, aliases, refused })
    }
  }
  return bound
}

const NO_ALIASES: readonly Alias[] = []

interface Meaning {
  readonly labels: Fact['labels']
  readonly keys: Keys
  readonly primaryKey: string | undefined
  readonly refused: string | undefined
}

type Keys = readonly { readonly name: string; readonly value: string }[]

/** What an event means in the versions of a model, and in the processes that it calls; undefined where it means nothing in any. */
function meaningIn(model: PlannedModel, position: bigint, event: DomainEvent): Meaning | undefined {
  let labels: Fact['labels'] | undefined
  let beside: Record<string, readonly string[]> | undefined
  let keys: Keys | undefined
  let primaryKey: string | undefined
  let refused: string | undefined
  for (const { version, binder, after, primaryKey: own } of model.versions) {
    if (position <= after) continue
    primaryKey ??= own
    const found = binder.bind(event)
    const said = binder.messagesIn(event)
    if (said !== undefined) (beside ??= {})[messageLabels(version)] = said.says
    if (found?.items !== undefined) (beside ??= {})[itemLabels(version)] = found.items
    keys ??= found?.keys ?? said?.keys
    if (found === undefined) continue
    if (found.ranAway !== undefined) refused = `runawayExpression: the filter ${found.ranAway.slice(0, 100)} would run away over this event`
    const made = labelsOf(version, found.labels)
    labels = labels === undefined ? made : { ...labels, ...made }
  }
  const called = model.calls === undefined ? undefined : bindCalled(model.calls, position, event)
  if (called !== undefined) keys ??= keysOfCaller(model, position, event, called)
  if (keys === undefined) return undefined
  if (labels === undefined || called !== undefined || beside !== undefined) labels = { ...labels, ...called?.labels, ...beside }
  return { labels, keys, primaryKey, refused }
}

/** Nobody folds it here. */
function factOfOthers({ position, time, appendTime }: Entry): Fact {
  return { position, kind: 'event', time, appendTime, source: '', id: '', type: '', labels: {} }
}

interface Called {
  readonly labels: Fact['labels']
  readonly primaryKey: string
  readonly keys: Keys
}

/** What an event means in the processes that a model calls. */
function bindCalled(calls: readonly PlannedModel[], position: bigint, event: DomainEvent): Called | undefined {
  const labels: Record<string, readonly string[]> = {}
  let first: Omit<Called, 'labels'> | undefined
  for (const { id, versions } of calls) {
    for (const { version, binder, after, primaryKey } of versions) {
      const found = position <= after ? undefined : binder.bind(event)
      if (found === undefined) continue
      labels[calledLabels(id, version)] = found.labels.map(({ element, phase }) => labelOf(element, phase))
      if (found.items !== undefined) labels[calledLabels(id, itemLabels(version))] = found.items
      first ??= { primaryKey, keys: found.keys }
    }
  }
  return first === undefined ? undefined : { labels, ...first }
}

/** A caller is found by its own keys; where the event has none of them, by the key of the called process, if both call theirs the same. */
function keysOfCaller(model: PlannedModel, position: bigint, event: DomainEvent, called: Called): Keys | undefined {
  const version = model.versions.find(({ after }) => position > after)
  if (version === undefined) return undefined
  const own = version.binder.keysIn(event)
  if (own.length > 0) return own
  return called.primaryKey === version.primaryKey ? called.keys.filter(({ name }) => name === called.primaryKey) : undefined
}

/** A binder answers most events of a type with the same labels; their strings are made once, and kept by all the facts that have them. */
const madeOnce = new WeakMap<object, Fact['labels']>()

/** `found`: what the binder of this version answered, and no other. */
function labelsOf(version: number, found: NonNullable<ReturnType<Binder['bind']>>['labels']): Fact['labels'] {
  let labels = madeOnce.get(found)
  if (labels === undefined) {
    labels = { [version]: found.map(({ element, phase }) => labelOf(element, phase)) }
    madeOnce.set(found, labels)
  }
  return labels
}

/** Aliases whose links and waiting events the second pass needs to know. */
export function aliasesOf(bound: readonly BoundEvent[]): readonly Alias[] {
  const aliases = new Map<string, Alias>()
  for (const { aliases: own } of bound) for (const alias of own) aliases.set(aliasId(alias), alias)
  return [...aliases.values()]
}

/** The second pass, in log order. */
export function plan(bound: readonly BoundEvent[], known: KnownAliases): Plan {
  const parts = new Parts()
  const links: Link[] = []
  const waiting: Waiting[] = []
  const released: (Alias & { position: bigint; by: bigint })[] = []
  const fates: Plan['fates'][number][] = []
  /** As far as this batch has changed them. */
  const linked = new Map<string, readonly string[]>()
  const queued = new Map<string, readonly PlannedFact[]>()
  const linksOf = (id: string) => linked.get(id) ?? known.linked.get(id) ?? NO_LINKS
  const queueOf = (id: string) => queued.get(id) ?? known.waiting.get(id) ?? NOBODY
  for (const { planned, model, primary, aliases, refused } of bound) {
    const { fact } = planned
    if (refused !== undefined) {
      fates.push({ position: fact.position, model, kind: 'quarantined', reason: refused })
      continue
    }
    if (primary !== undefined) {
      parts.add(model, primary, planned)
      for (const alias of aliases) {
        const id = aliasId(alias)
        const before = linksOf(id)
        if (before.includes(primary) || isHub(before)) continue
        const primaries = before.length === 0 ? [primary] : [...before, primary]
        linked.set(id, primaries)
        links.push({ model: alias.model, name: alias.name, value: alias.value, key: primary, learnedAt: fact.position })
        if (isHub(primaries)) continue
        const queue = queueOf(id)
        if (queue.length === 0) continue
        queued.set(id, NOBODY)
        for (const waited of queue) {
          parts.add(model, primary, { fact: waited.fact, contentHash: waited.contentHash, by: fact.position })
          released.push({ ...alias, position: waited.fact.position, by: fact.position })
        }
      }
      continue
    }
    const ignore = (reason: string) => fates.push({ position: fact.position, model, kind: 'ignored', reason })
    const usable = aliases.filter((each) => !isHub(linksOf(aliasId(each))))
    const targets = new Set(usable.flatMap((each) => linksOf(aliasId(each))))
    for (const key of targets) parts.add(model, key, planned)
    if (targets.size > 0) continue
    const [alias] = usable
    if (alias === undefined) {
      const [hub] = aliases
      ignore(hub === undefined ? 'carries no key of this model: neither its key path nor correlationid, partitionkey or subject'
        : `${hub.name} ${hub.value} is shared by more than ${MAX_PRIMARIES} instances, so that it identifies none: it is no key`)
      continue
    }
    if (usable.some((each) => queueOf(aliasId(each)).length >= MAX_WAITING)) {
      ignore(`${MAX_WAITING} events wait for ${alias.name} ${alias.value} already, and none has linked it to an instance`)
      continue
    }
    const waits = { fact, contentHash: planned.contentHash }
    for (const each of usable) {
      const id = aliasId(each)
      queued.set(id, [...queueOf(id), waits])
      waiting.push({ ...each, planned: waits })
    }
    fates.push({ position: fact.position, model, kind: 'waiting', reason: `${WAITS_FOR_LINK} ${alias.name} ${alias.value} to an instance` })
  }
  return { parts, links, waiting, released, fates }
}

/** One for each unit, in the order in which they were begun. */
export class Parts {
  readonly all: PlannedPart[] = []
  readonly #byModel = new Map<string, Map<string, PlannedPart>>()

  /** Without a fact the unit is only touched. */
  add(model: string, key: string, planned?: PlannedFact): void {
    let byKey = this.#byModel.get(model)
    if (byKey === undefined) this.#byModel.set(model, (byKey = new Map<string, PlannedPart>()))
    const known = byKey.get(key)
    if (known === undefined) {
      const part = { model, key, facts: planned === undefined ? [] : [planned] }
      byKey.set(key, part)
      this.all.push(part)
    } else if (planned !== undefined) {
      known.facts.push(planned)
    }
  }
}

const NO_LINKS: readonly string[] = []
const NOBODY: readonly PlannedFact[] = []

/** It was one instance too many that linked it. */
function isHub(primaries: readonly string[]): boolean {
  return primaries.length > MAX_PRIMARIES
}

export function aliasId(alias: Alias): string {
  return `${alias.model}\u0000${alias.name}\u0000${alias.value}`
}
