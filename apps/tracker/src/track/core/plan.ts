/**
 * Which units a batch concerns. The plan of an entry depends only on entries before it: keys count from the position at which they were
 * learned, and an event whose key is not linked yet waits under it.
 */
import type { Binder, DomainEvent, Fact } from '@tidemark/bpmn'
import { calledLabels, itemLabels, labelOf, messageLabels } from '@tidemark/bpmn'
import type { Entry } from '@tidemark/log'
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
  /** Of an event that waited: the entry that released it. */
  readonly by?: bigint
}

export interface BoundEvent extends PlannedFact {
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

export interface Plan {
  /** By model and primary key, in log order. */
  readonly parts: readonly { readonly model: string; readonly key: string; readonly facts: readonly PlannedFact[] }[]
  readonly links: readonly Link[]
  /** Events that now wait, and waiting events that were released (by alias and position). */
  readonly waiting: readonly Waiting[]
  readonly released: readonly (Alias & { readonly position: bigint; readonly by: bigint })[]
  readonly fates: readonly { readonly position: bigint; readonly model: string; readonly kind: 'ignored' | 'waiting' | 'quarantined'; readonly reason: string }[]
}

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
  for (const decoded of events) {
    const { entry, event } = decoded
    for (const model of models) {
      const meanings: Meaning[] = []
      let beside: Record<string, readonly string[]> | undefined
      let keys: readonly { readonly name: string; readonly value: string }[] | undefined
      const primaryKey = primaryKeyOf(model, entry.position)
      let refused: string | undefined
      for (const { version, binder, after } of model.versions) {
        if (entry.position <= after) continue
        const found = binder.bind(event)
        const said = binder.messagesIn(event)
        if (said !== undefined) (beside ??= {})[messageLabels(version)] = said.says
        if (found?.items !== undefined) (beside ??= {})[itemLabels(version)] = found.items
        keys ??= found?.keys ?? said?.keys
        if (found === undefined) continue
        if (found.ranAway !== undefined) refused = `runawayExpression: the filter ${found.ranAway.slice(0, 100)} would run away over this event`
        meanings.push({ version, labels: found.labels })
      }
      const called = model.calls === undefined ? undefined : bindCalled(model.calls, entry.position, event)
      if (called !== undefined) keys ??= keysOfCaller(model, entry.position, event, called)
      if (keys === undefined) continue
      let primary: string | undefined
      const aliases: Alias[] = []
      for (const { name, value } of keys) {
        if (name === primaryKey) primary ??= value
        else aliases.push({ model: model.id, name, value })
      }
      if (primary !== undefined && refused === undefined && isOurs?.(primary) === false) {
        if (aliases.length > 0) bound.push({ model: model.id, fact: factOfOthers(entry), contentHash: '', primary, aliases, refused })
        continue
      }
      const fact: { -readonly [Key in keyof Fact]: Fact[Key] } = {
        position: entry.position, kind: 'event', time: entry.time, appendTime: entry.appendTime, source: event.source, id: event.id, type: event.type,
        labels: called === undefined && beside === undefined ? labelsOf(meanings) : { ...labelsOf(meanings), ...called?.labels, ...beside },
      }
      if (event.sequence !== undefined) fact.sequence = event.sequence
      const patch = variablesOf(event.data)
      if (patch !== undefined) fact.patch = patch
      bound.push({ model: model.id, fact, contentHash: decoded.contentHash, primary, aliases, refused })
    }
  }
  return bound
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

type Keys = readonly { readonly name: string; readonly value: string }[]

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

function primaryKeyOf(model: PlannedModel, position: bigint): string | undefined {
  return model.versions.find(({ after }) => position > after)?.primaryKey
}

interface Meaning {
  readonly version: number
  readonly labels: NonNullable<ReturnType<Binder['bind']>>['labels']
}

/** A binder answers most events of a type with the same labels; their strings are made once, and kept by all the facts that have them. */
const madeOnce = new WeakMap<object, Fact['labels']>()

function labelsOf(meanings: readonly Meaning[]): Fact['labels'] {
  const [first] = meanings
  const known = first === undefined || meanings.length > 1 ? undefined : madeOnce.get(first.labels)
  if (known !== undefined) return known
  const labels = Object.fromEntries(meanings.map((meaning) => [meaning.version, meaning.labels.map(({ element, phase }) => labelOf(element, phase))]))
  if (first !== undefined && meanings.length === 1) madeOnce.set(first.labels, labels)
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
  const parts = new Map<string, { model: string; key: string; facts: PlannedFact[] }>()
  const links: Link[] = []
  const waiting: Waiting[] = []
  const released: (Alias & { position: bigint; by: bigint })[] = []
  const fates: Plan['fates'][number][] = []
  const linked = new Map<string, string[]>()
  const queued = new Map<string, PlannedFact[]>()
  const linksOf = (id: string) => {
    const own = linked.get(id) ?? [...(known.linked.get(id) ?? [])]
    linked.set(id, own)
    return own
  }
  const queueOf = (id: string) => {
    const own = queued.get(id) ?? [...(known.waiting.get(id) ?? [])]
    queued.set(id, own)
    return own
  }
  const add = (model: string, key: string, planned: PlannedFact) => {
    const id = `${model}\u0000${key}`
    const part = parts.get(id)
    if (part === undefined) parts.set(id, { model, key, facts: [planned] })
    else part.facts.push(planned)
  }
  for (const { model, primary, aliases, fact, contentHash, refused } of bound) {
    if (refused !== undefined) {
      fates.push({ position: fact.position, model, kind: 'quarantined', reason: refused })
      continue
    }
    const planned = { fact, contentHash }
    if (primary !== undefined) {
      add(model, primary, planned)
      for (const alias of aliases) {
        const id = aliasId(alias)
        const primaries = linksOf(id)
        if (primaries.includes(primary) || isHub(primaries)) continue
        primaries.push(primary)
        links.push({ ...alias, key: primary, learnedAt: fact.position })
        if (isHub(primaries)) continue
        const queue = queueOf(id)
        for (const waited of queue.splice(0)) {
          add(model, primary, { ...waited, by: fact.position })
          released.push({ ...alias, position: waited.fact.position, by: fact.position })
        }
      }
      continue
    }
    const ignore = (reason: string) => fates.push({ position: fact.position, model, kind: 'ignored', reason })
    const usable = aliases.filter((each) => !isHub(linksOf(aliasId(each))))
    const targets = new Set(usable.flatMap((each) => linksOf(aliasId(each))))
    for (const key of targets) add(model, key, planned)
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
    for (const each of usable) {
      queueOf(aliasId(each)).push(planned)
      waiting.push({ ...each, planned })
    }
    fates.push({ position: fact.position, model, kind: 'waiting', reason: `${WAITS_FOR_LINK} ${alias.name} ${alias.value} to an instance` })
  }
  return { parts: [...parts.values()], links, waiting, released, fates }
}

/** It was one instance too many that linked it. */
function isHub(primaries: readonly string[]): boolean {
  return primaries.length > MAX_PRIMARIES
}

export function aliasId(alias: Alias): string {
  return `${alias.model}\u0000${alias.name}\u0000${alias.value}`
}
