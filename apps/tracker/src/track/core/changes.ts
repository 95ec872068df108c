/**
 * What a batch changes in the tables: the difference between what was shown of a unit and what is shown now. Pure; the statements are in
 * store/write.
 */
import type { InstanceView, RunView, TrackedModel } from '@tidemark/bpmn'
import { clean } from './decode.js'
import type { Changes, DeviationRow, FactRow, VersionCounts } from '../../store/write/changes.js'
import { compareCommands, type LeftCommand } from './compare-commands.js'
import { compareConditions, conditionsOf } from './compare-conditions.js'
import { countAll, countedDeviations, countStanding, entryOf, noCounts } from './tally.js'
import { Telling } from './telling.js'

/** A unit as it was shown, and as it is shown now. */
export interface UnitChange {
  readonly id: string
  readonly model: string
  readonly key: string
  readonly shard: number
  readonly before: readonly InstanceView[]
  readonly after: readonly InstanceView[]
  /** When what is shown may change by itself: by what was shown, and now. */
  readonly nextBefore: number | undefined
  readonly next: number | undefined
  readonly shownAt: number
  /** Commands that left, as they left, by id. */
  readonly left: ReadonlyMap<string, LeftCommand>
  /** Of its model: when the first version was deployed. */
  readonly deployedAt: number
  /** Facts of it that are written in this batch. */
  readonly fresh: readonly FactRow[]
}

/** Tokens that are told to the live channel per batch. */
const MAX_MOVES = 200

/** Collects what differs, of all units of a batch. */
export class Comparison {
  readonly changes: Changes
  readonly #modelOf: (model: string, version: number) => TrackedModel
  readonly #position: bigint
  readonly #telling: Telling

  /** @param position that of the batch */
  constructor(changes: Changes, modelOf: (model: string, version: number) => TrackedModel, position: bigint) {
    this.changes = changes
    this.#modelOf = modelOf
    this.#position = position
    this.#telling = new Telling(changes)
  }

  add(unit: UnitChange): void {
    const { changes } = this
    const { before, after, nextBefore, next } = unit
    const gone = goneOf(before, after)
    for (const view of gone) this.#remove(unit, view)
    const byId = before.length < 2 ? undefined : new Map(before.map((view) => [view.id, view]))
    for (const view of after) {
      // A run that is part of another now is found as that.
      const formerIds = gone.length === 0 ? NO_IDS : gone.flatMap((candidate) => (Math.min(candidate.run, after.length - 1) === view.run ? [candidate.id] : []))
      const previous = byId !== undefined ? byId.get(view.id) : before[0]?.id === view.id ? before[0] : undefined
      this.#instance(unit, previous, view, formerIds)
    }
    if (next === undefined) {
      if (nextBefore !== undefined) changes.goneDeadlines.push(unit.id)
    } else if (next !== nextBefore || (before.length === 0) !== (after.length === 0)) {
      const isShown = after.length > 0
      changes.deadlines.push({ unit: unit.id, shard: unit.shard, at: next, model: isShown ? null : unit.model, key: isShown ? null : unit.key })
    }
  }

  #remove(unit: UnitChange, view: InstanceView): void {
    const { changes } = this
    const model = this.#modelOf(unit.model, view.version)
    changes.goneInstances.push(view.id)
    compareTokens(changes, unit, view, undefined)
    changes.deviations.push({ instance: view.id, had: true, rows: [] })
    countAll(this.#countsOf(unit, view.version), view, -1)
    compareConditions(changes, unit, model, view.id, conditionsOf(view), [])
    compareCommands(changes, unit, model, view, view.commands, [])
  }

  #instance(unit: UnitChange, previous: InstanceView | undefined, next: InstanceView, formerIds: readonly string[]): void {
    const { changes } = this
    const { view } = next
    const model = this.#modelOf(unit.model, next.version)
    compareTokens(changes, unit, previous, next)
    compareDeviations(changes, next.id, previous?.view, view)
    changes.instances.push({
      isNew: previous === undefined, id: next.id, unit: unit.id, run: next.run, shard: unit.shard, model: unit.model, version: next.version, key: unit.key, formerIds, status: view.status,
      stuck: view.stuck, late: view.late, deviations: countedDeviations(view), settling: view.settling, approximate: view.approximate,
      startedAt: view.startedAt, lastEventAt: view.lastEventAt, endedAt: view.endedAt ?? null, closedAt: closedAt(unit, view), shownAt: unit.shownAt, position: this.#position,
      tokens: view.tokens, variables: previous !== undefined && previous.view.variables === view.variables ? null : view.variables,
    })
    const flows = this.#tell(unit, previous, next)
    if (flows.length > 0 && changes.moves.length < MAX_MOVES) changes.moves.push({ model: unit.model, version: next.version, instance: next.id, key: unit.key, flows })
    compareConditions(changes, unit, model, next.id, previous === undefined ? NOTHING : conditionsOf(previous), conditionsOf(next))
    if (next.commands.length > 0 || (previous !== undefined && previous.commands.length > 0)) compareCommands(changes, unit, model, next, previous?.commands ?? [], next.commands)
  }

  /** What it has done since it was shown goes to its counters and facts; all of it where that is told otherwise now. Answers the flows that are new. */
  #tell(unit: UnitChange, previous: InstanceView | undefined, next: InstanceView): readonly string[] {
    const telling = this.#telling
    const counts = this.#countsOf(unit, next.version)
    countStanding(counts, next.view, 1)
    telling.turnTo({ unit: unit.id, instance: next.id, counts, fresh: unit.fresh })
    if (previous === undefined) {
      next.view.tell(telling)
      return telling.flows
    }
    if (previous.version === next.version && next.view.tellSince(previous.view, telling)) {
      countStanding(counts, previous.view, -1)
      return telling.flows
    }
    countAll(this.#countsOf(unit, previous.version), previous, -1)
    telling.turnTo({ unit: unit.id, instance: next.id, counts, fresh: unit.fresh, before: previous })
    next.view.tell(telling)
    return newFlows(previous.view.flows, telling.flows)
  }

  #countsOf({ shard, model }: UnitChange, version: number): VersionCounts {
    return entryOf(this.changes.counts, `${shard} ${version} ${model}`, () => noCounts(model, shard, version))
  }
}

const NO_IDS: readonly string[] = []
const NOTHING: readonly [] = []
const NONE_GONE: readonly InstanceView[] = []

/** Most units have one instance, and keep it. */
function goneOf(before: readonly InstanceView[], after: readonly InstanceView[]): readonly InstanceView[] {
  if (before.length === 0 || (before.length === 1 && before[0]?.id === after[0]?.id)) return NONE_GONE
  const kept = new Set(after.map(({ id }) => id))
  return before.filter(({ id }) => !kept.has(id))
}

/** The next moment at which what is shown of a unit may change by itself. */
export function nextOf(views: readonly InstanceView[], heldAt: number | undefined): number | undefined {
  let next = heldAt ?? Infinity
  for (const { view } of views) if (view.nextAt !== undefined && view.nextAt < next) next = view.nextAt
  return next === Infinity ? undefined : next
}

/** From when on it is history: it had ended, that was known, and somebody followed its model. */
function closedAt({ deployedAt }: UnitChange, { endedAt, lastArrival }: RunView): number | null {
  return endedAt === undefined ? null : Math.max(endedAt, lastArrival, deployedAt)
}

type ShownToken = RunView['tokens'][number]

const NO_TOKENS: readonly ShownToken[] = []

/** A token is told by its element and, of several there, by which of them it is. */
function compareTokens(changes: Changes, unit: UnitChange, previous: InstanceView | undefined, next: InstanceView | undefined): void {
  const before = previous?.view.tokens ?? NO_TOKENS
  const after = next?.view.tokens ?? NO_TOKENS
  const isKept = previous?.version === next?.version
  for (let index = 0; index < before.length; index++) {
    const { element } = before[index] as ShownToken
    if (previous !== undefined && !(isKept && isAmong(before, index, after))) changes.goneTokens.push({ instance: previous.id, element, n: nth(before, index) })
  }
  for (let index = 0; index < after.length; index++) {
    if (next === undefined || (isKept && isAmong(after, index, before))) continue
    const { element, since, stuck, late } = after[index] as ShownToken
    changes.tokens.push({ instance: next.id, element, n: nth(after, index), shard: unit.shard, model: unit.model, version: next.version, since, stuck, late })
  }
}

/** How many before it are at its element. */
function nth(tokens: readonly ShownToken[], index: number): number {
  const element = tokens[index]?.element
  let n = 0
  for (let earlier = 0; earlier < index; earlier++) if (tokens[earlier]?.element === element) n++
  return n
}

/** Whether the same token, as it is shown, is one of these. */
function isAmong(tokens: readonly ShownToken[], index: number, others: readonly ShownToken[]): boolean {
  const { element, since, stuck, late } = tokens[index] as ShownToken
  let n = nth(tokens, index)
  for (const other of others) if (other.element === element && n-- === 0) return other.since === since && other.stuck === stuck && other.late === late
  return false
}

function compareDeviations(changes: Changes, instance: string, before: RunView | undefined, after: RunView): void {
  if (after.deviations.length === 0 && (before === undefined || before.deviations.length === 0)) return
  const had = before === undefined ? [] : deviationRows(before)
  const rows = deviationRows(after)
  if (JSON.stringify(had) !== JSON.stringify(rows)) changes.deviations.push({ instance, had: had.length > 0, rows })
}

function deviationRows(view: RunView): DeviationRow[] {
  const rows = new Map<string, DeviationRow>()
  for (const deviation of view.deviations) {
    const item = clean(deviation.item ?? '')
    for (const element of new Set(deviation.elements)) {
      const key = `${deviation.kind} ${element} ${item}`
      const times = deviation.elements.filter((each) => each === element).length
      const known = rows.get(key)
      if (known === undefined) rows.set(key, { kind: deviation.kind, element, item, at: deviation.at, count: times, provisional: deviation.provisional, accepted: deviation.accepted })
      else rows.set(key, { ...known, count: known.count + times, provisional: known.provisional || deviation.provisional })
    }
  }
  return [...rows.values()]
}

function newFlows(before: readonly string[], after: readonly string[]): readonly string[] {
  const left = new Map<string, number>()
  for (const flow of before) left.set(flow, (left.get(flow) ?? 0) + 1)
  return after.filter((flow) => {
    const times = left.get(flow) ?? 0
    if (times > 0) left.set(flow, times - 1)
    return times === 0
  })
}
