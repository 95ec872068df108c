/**
 * One batch on its way from the log to the tables: plan, load, fold, compare, commit. Everything that decides is in core/; this calls it in
 * order and brings it the rows it needs.
 */
import { setImmediate } from 'node:timers/promises'
import type { Fact, InstanceView, TrackedModel } from '@tidemark/bpmn'
import type { Database, Writing } from '../store/database.js'
import { commitChanges } from '../store/write/commit-changes.js'
import { noChanges, type Changes, type FactRow } from '../store/write/changes.js'
import { countTypes, endWaitingFates, insertFates, insertLinks, insertWaiting, releaseWaiting, storeFact, type FateRow } from '../store/write/keys.js'
import { shardOf, unitOf } from '../store/identity.js'
import type { Aliases } from './aliases.js'
import { Comparison, nextOf } from './core/changes.js'
import type { LeftCommand } from './core/compare-commands.js'
import type { Decoded } from './core/decode.js'
import { aliasesOf, bindEvents, plan, WAITS_FOR_LINK, type Plan, type PlannedFact, type PlannedKeys, type PlannedModel, type PlannedPart } from './core/plan.js'
import { compareHeld, nextHeldAt } from './core/held.js'
import { inTurns } from './in-turns.js'
import { FoldFaults, messageOf, type Suspects, type UnitFault } from './faults.js'
import type { Models } from './models.js'
import type { Share } from './share.js'
import { NO_FACTS, type KnownUnit, type Units } from './units.js'

export interface BatchInput {
  readonly entries: readonly Decoded[]
  readonly models: readonly PlannedModel[]
  /** Append time of the last entry: nothing is shown that the clock has not passed. */
  readonly clock: number
  readonly position: bigint
  /** Units whose deadline has come. */
  readonly due: readonly { readonly model: string; readonly key: string }[]
  /** Undecodable entries and event types are counted once, by the live batch. */
  readonly live: boolean
  /** What of it is ours; absent: all. */
  readonly share: Share | undefined
}

/** A batch that is planned. */
export interface Planned {
  readonly input: Pick<BatchInput, 'clock' | 'position'>
  /** One; of batches that are folded together those that are told with this portion. */
  readonly plans: readonly PlannedKeys[]
  /** Waiting events whose fate it is ours to end. */
  readonly released: Plan['released']
  /** Of entries that cannot be read, too. */
  readonly fates: readonly FateRow[]
  readonly types: Batch['types']
  readonly parts: readonly PlannedPart[]
  /** Of all events in it. */
  readonly payloadBytes: number
}

/** What it touches is in memory, or on its way there. */
export interface Prepared extends Planned {
  /** Of each part. */
  readonly units: readonly KnownUnit[]
  /** Resolves when the units are as the tables and the batches before this one leave them; never rejects unheard. */
  readonly loaded: Promise<void>
}

export interface Batch {
  readonly changes: Changes
  readonly plans: readonly PlannedKeys[]
  readonly released: Plan['released']
  readonly fates: readonly FateRow[]
  readonly types: ReadonlyMap<string, { count: number; first: number; last: number }>
  /** What it touched; given back to {@link Units.keep} once it is committed. */
  readonly units: readonly KnownUnit[]
}

/** Units that are folded at a stretch, some milliseconds; then whoever waits for the event loop has a turn. */
const UNITS_AT_A_STRETCH = 128

/** One batch after the other: what one says of keys counts for the next. */
export async function planBatch(db: Database, shards: number, aliases: Aliases, input: BatchInput): Promise<Planned> {
  const events = input.entries.filter((entry) => entry.kind === 'event')
  const bound = await inTurns(events, (some) => bindEvents(some, input.models, input.share?.isOurs))
  const planned = plan(bound, await aliases.read(db, aliasesOf(bound), input.entries[0]?.entry.position ?? 0n))
  const keys = { links: planned.links, waiting: planned.waiting, released: planned.released }
  aliases.begin(keys)
  const parts = partsOf(planned, input, shards)
  // The entries themselves are not kept: several batches are under way at once.
  const { clock, position, share } = input
  return {
    input: { clock, position }, plans: [keys], released: share === undefined ? planned.released : planned.released.filter(({ model, by }) => share.takes(model, 0, by)),
    fates: [...planned.fates.filter((fate) => share?.takes(fate.model, 0, fate.position) ?? true), ...undecodable(input)],
    types: input.live ? typesOf(share === undefined ? events : events.filter(({ entry }) => share.tells(entry.position))) : new Map(), parts,
    payloadBytes: events.reduce((bytes, { entry }) => bytes + entry.payload.length, 0),
  }
}

/** Begins to load it. */
export function loadBatch(db: Database, units: Units, planned: Planned): Prepared {
  return { ...planned, ...units.take(db, planned.parts) }
}

/** Folds what was loaded. Throws {@link FoldFaults} where some of it cannot be folded, and is not known to be so. */
export async function foldBatch(models: Models, suspects: Suspects, { input, plans, released, fates: known, types, parts, units, loaded }: Prepared): Promise<Batch> {
  await loaded
  const changes = noChanges()
  const fates = [...known]
  const comparison = new Comparison(changes, (model, version) => trackedOf(models, model, version), input.position)
  const faults: UnitFault[] = []
  for (let index = 0; index < units.length; index++) {
    if (index % UNITS_AT_A_STRETCH === UNITS_AT_A_STRETCH - 1) await setImmediate()
    const unit = units[index] as KnownUnit
    const facts = takeNew(unit, parts[index]?.facts ?? NO_FACTS, fates)
    if (unit.lost === undefined && facts.length === 0 && unit.unit.facts.length === 0 && unit.waiting.length === 0) continue
    // A suspended one is tried again only where that is what it is touched for.
    const error = unit.lost ?? suspects.of(unit.id) ?? ((parts[index]?.facts.length ?? 0) > 0 ? unit.fault?.error : undefined)
    if (error !== undefined) {
      suspendUnit(unit, facts, error, input, changes)
      continue
    }
    try {
      foldUnit(models, unit, facts, input, comparison)
    } catch (fault) {
      faults.push({ unit: unit.id, model: unit.model, key: unit.key, error: messageOf(fault) })
    }
  }
  if (faults.length > 0) throw new FoldFaults(faults, countsByModel(units))
  return { changes, plans, released, fates, types, units }
}

function trackedOf(models: Models, model: string, version: number): TrackedModel {
  const loaded = models.version(model, version)
  if (loaded === undefined) throw new Error(`model ${model} has no version ${version}`)
  return loaded.tracked
}

function countsByModel(units: readonly KnownUnit[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { model } of units) counts.set(model, (counts.get(model) ?? 0) + 1)
  return counts
}

/**
 * Everything that a folded batch writes. Rows are made at once, and while their statements are under way nothing here holds what they were made of.
 * @param careful what should be new may be there already
 */
export function commitBatch(tx: Writing, batch: Batch, careful: boolean): Promise<unknown> {
  const { plans } = batch
  return Promise.all([
    commitChanges(tx, batch.changes, careful),
    ...insertLinks(tx, plans.flatMap(({ links }) => links.map((link) => ({ ...link, unit: unitOf(link.model, link.key) })))),
    ...insertWaiting(tx, plans.flatMap(({ waiting }) =>
      waiting.map(({ planned, ...alias }) => ({ ...alias, position: planned.fact.position, fact: storeFact(planned.fact, planned.contentHash) })))),
    ...insertFates(tx, batch.fates),
    ...releaseWaiting(tx, plans.flatMap(({ released }) => released)),
    ...endWaitingFates(tx, batch.released, WAITS_FOR_LINK),
    ...countTypes(tx, batch.types),
  ])
}

/** What happens to each unit of ours: events, what we and people did, and deadlines. */
function partsOf({ parts }: Plan, { entries, models, share, due }: BatchInput, shards: number): readonly PlannedPart[] {
  const followed = new Set(models.map((model) => model.id))
  for (const entry of entries) {
    const control = controlFact(entry)
    if (control !== undefined && followed.has(control.model)) parts.add(control.model, control.key, { fact: control.fact, contentHash: '' })
  }
  for (const { model, key } of due) parts.add(model, key)
  if (share === undefined) return parts.all
  return parts.all.flatMap((part) => {
    const { model, key, facts } = part
    const shard = shardOf(key, shards)
    const own = facts.filter(({ fact, by }) => share.takes(model, shard, by ?? fact.position))
    return own.length === facts.length ? [part] : own.length === 0 ? [] : [{ model, key, facts: own }]
  })
}

/** Leaves out what the unit has seen (the same event again, or another one under its id) and what comes too late for it. */
function takeNew(unit: KnownUnit, facts: readonly PlannedFact[], fates: FateRow[]): readonly PlannedFact[] {
  // An event that waited under two keys is released twice.
  const once = areInOrder(facts) ? facts : [...new Map(facts.map((planned) => [planned.fact.position, planned])).values()]
  let taken: PlannedFact[] | undefined
  for (let index = 0; index < once.length; index++) {
    const planned = once[index] as PlannedFact
    if (!isNew(unit, planned, fates)) taken ??= once.slice(0, index)
    else taken?.push(planned)
  }
  return taken ?? once
}

function areInOrder(facts: readonly PlannedFact[]): boolean {
  for (let index = 1; index < facts.length; index++) if ((facts[index - 1] as PlannedFact).fact.position >= (facts[index] as PlannedFact).fact.position) return false
  return true
}

function isNew(unit: KnownUnit, planned: PlannedFact, fates: FateRow[]): boolean {
  const { fact, contentHash } = planned
  if (unit.unit.has(fact.position)) return false
  if (unit.isDropped) {
    if (fact.kind === 'event') fates.push({ position: fact.position, model: unit.model, kind: 'tooOld', reason: `the history of ${unit.key} has been dropped: it ended long ago` })
    return false
  }
  if (fact.kind !== 'event') return !unit.waiting.some((own) => own.fact.position === fact.position)
  const taken = unit.events.take(fact, contentHash)
  if (taken === 'new') return true
  // It waits here, or is beyond what is followed.
  if (taken === 'itself') return false
  fates.push(taken === 'same'
    ? { position: fact.position, model: unit.model, kind: 'duplicate', reason: 'the instance has this event already' }
    : { position: fact.position, model: unit.model, kind: 'quarantined', reason: `idReused: source ${fact.source} sent another event with the id ${fact.id}` })
  return false
}

function foldUnit(models: Models, unit: KnownUnit, facts: readonly PlannedFact[], input: Prepared['input'], comparison: Comparison): void {
  const { changes } = comparison
  const { views: before } = unit
  const nextBefore = nextOf(before, nextHeldAt(unit.unit.held, unit.shownAt))
  unit.unit.add((unit.waiting.length === 0 ? facts : [...unit.waiting, ...facts]).map(({ fact }) => fact))
  const shownAt = Math.max(input.clock, unit.shownAt)
  const after = unit.unit.view(shownAt)
  const next = nextOf(after, nextHeldAt(unit.unit.held, shownAt))
  const fresh = facts.map((planned) => rowOf(unit, planned))
  for (const row of fresh) changes.facts.push(row)
  comparison.add({
    id: unit.id, model: unit.model, key: unit.key, shard: unit.shard, before, after, nextBefore, next, shownAt, deployedAt: models.deployedAt(unit.model), fresh,
    left: before.some(hasCommands) || after.some(hasCommands) ? leftOf(unit.unit.facts) : NOTHING_LEFT,
  })
  unit.held = compareHeld(changes, unit.model, unit.held, unit.unit.held, shownAt)
  unit.views = after
  if (unit.fault !== undefined) mend(unit, next, changes)
  unit.fault = undefined
  unit.waiting = NO_FACTS
  unit.shownAt = shownAt
}

function rowOf(unit: KnownUnit, { fact, contentHash, patchJson }: PlannedFact): FactRow {
  return { unit: unit.id, fact, contentHash, patchJson, read: undefined }
}

function hasCommands({ commands }: InstanceView): boolean {
  return commands.length > 0
}

const NOTHING_LEFT: ReadonlyMap<string, LeftCommand> = new Map()

/** The tables hold the deadline at which it was to be tried again, whatever it had before. */
function mend(unit: KnownUnit, at: number | undefined, changes: Changes): void {
  changes.mended.push(unit.id)
  changes.goneDeadlines.push(unit.id)
  if (at !== undefined && changes.deadlines.at(-1)?.unit !== unit.id) changes.deadlines.push({ unit: unit.id, shard: unit.shard, at, model: unit.model, key: unit.key })
}

/** Its facts are stored, what is shown of it stays as it is, and it has no deadlines. */
function suspendUnit(unit: KnownUnit, facts: readonly PlannedFact[], error: string, input: Prepared['input'], changes: Changes): void {
  const first = facts.reduce((least, { fact }) => (fact.position < least ? fact.position : least), input.position + 1n)
  unit.fault = { position: unit.fault?.position ?? first, error }
  unit.waiting = unit.waiting.concat(facts.map(({ fact, contentHash }) => ({ fact, contentHash })))
  for (const planned of facts) changes.facts.push(rowOf(unit, planned))
  changes.faults.push({ unit: unit.id, shard: unit.shard, model: unit.model, key: unit.key, position: unit.fault.position, error, since: input.clock })
  changes.goneDeadlines.push(unit.id)
}

function leftOf(facts: readonly Fact[]): ReadonlyMap<string, LeftCommand> {
  return new Map(facts.flatMap((fact) => (fact.kind === 'left' && fact.command !== undefined ? [[fact.command, (fact.patch ?? {}) as LeftCommand] as const] : [])))
}

/** What we and people did to a unit, as a fact of it. */
function controlFact(entry: Decoded): { readonly model: string; readonly key: string; readonly fact: Fact } | undefined {
  if (entry.kind !== 'operation' && entry.kind !== 'settlement') return undefined
  const { position, time, appendTime } = entry.entry
  const base = { position, time, appendTime, source: '/tidemark', id: String(position), labels: {} }
  if (entry.kind === 'operation') {
    const { operation } = entry
    if ('instance' in operation) {
      const { op, model, key, by, comment, at, ...patch } = operation
      const said = { ...base, time: Math.min(at ?? time, appendTime), kind: 'operation' as const, type: op, by, patch, ...(comment === undefined ? {} : { note: comment }) }
      return { model, key, fact: 'element' in operation && operation.element !== undefined ? { ...said, element: operation.element } : said }
    }
    if (operation.op !== 'approveCommand' && operation.op !== 'rejectCommand' && operation.op !== 'retryCommand') return undefined
    const outcome = operation.op === 'approveCommand' ? 'approved' : operation.op === 'rejectCommand' ? 'rejected' : 'retried'
    return {
      model: operation.model, key: operation.key,
      fact: { ...base, kind: 'operation', type: operation.op, command: operation.command, outcome, by: operation.by, ...(operation.comment === undefined ? {} : { note: operation.comment }) },
    }
  }
  const { settlement } = entry
  if (settlement.what === 'commandLeft') {
    const { data, time } = settlement.event
    const patch = { data: data ?? null, ...(typeof time === 'string' ? { decidedAt: Date.parse(time) } : {}) }
    return { model: settlement.model, key: settlement.key, fact: { ...base, kind: 'left', type: settlement.what, command: settlement.command, element: settlement.element, patch } }
  }
  if (settlement.what === 'commandSettled') {
    return {
      model: settlement.model, key: settlement.key,
      fact: { ...base, kind: 'settled', type: settlement.what, command: settlement.command, outcome: settlement.outcome, ...(settlement.error === undefined ? {} : { note: settlement.error }) },
    }
  }
  return undefined
}

function undecodable(input: BatchInput): FateRow[] {
  if (!input.live) return []
  return input.entries.flatMap((entry) => (entry.kind === 'undecodable' && (input.share?.tells(entry.entry.position) ?? true) ? [{ position: entry.entry.position, model: '', kind: 'quarantined' as const, reason: entry.reason }] : []))
}

function typesOf(events: readonly Extract<Decoded, { kind: 'event' }>[]): Map<string, { count: number; first: number; last: number }> {
  const types = new Map<string, { count: number; first: number; last: number }>()
  for (const { event, entry } of events) {
    const known = types.get(event.type)
    if (known === undefined) types.set(event.type, { count: 1, first: entry.appendTime, last: entry.appendTime })
    else {
      known.count++
      known.last = entry.appendTime
    }
  }
  return types
}
