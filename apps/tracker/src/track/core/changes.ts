/**
 * What a batch changes in the tables: the difference between what was shown of a unit and what is shown now. Pure; the statements are in
 * store/write.
 */
import { compileExpression, type CommandView, type Condition, type InstanceView, type RunView, type TrackedModel } from '@tidemark/bpmn'
import { clean } from './decode.js'
import type { Changes, DeviationRow, ElementCount, FactRow, TokenRow, VersionCounts } from '../../store/write/changes.js'
import { identityOf } from '../../store/identity.js'

export interface UnitState {
  readonly unit: string
  readonly model: string
  readonly key: string
  readonly shard: number
  readonly shownAt: number
  readonly views: readonly InstanceView[]
  /** Commands that left, as they left, by id. */
  readonly left: ReadonlyMap<string, LeftCommand>
  /** Of its model: when the first version was deployed. */
  readonly deployedAt: number
  /** When something else is said of an event that it keeps out of its instances. */
  readonly heldAt: number | undefined
}

/** What a command that left said; it says the same in every attempt, whatever is known later. */
export interface LeftCommand {
  readonly data?: unknown
  /** Epoch milliseconds. */
  readonly decidedAt?: number
}

/** Tokens that are told to the live channel per batch. */
const MAX_MOVES = 200

/** Adds what differs between the two states of a unit. `fresh`: facts that are written in this batch, by position. */
export function compareUnit(changes: Changes, before: UnitState, after: UnitState, model: (version: number) => TrackedModel, position: bigint, fresh: ReadonlyMap<bigint, FactRow>): void {
  const old = new Map(before.views.map((view) => [view.id, view]))
  const now = new Set(after.views.map((view) => view.id))
  const gone = before.views.filter((view) => !now.has(view.id))
  for (const view of gone) {
    changes.goneInstances.push(view.id)
    changes.tokens.push({ instance: view.id, gone: tokenRows(after, view), rows: [] })
    changes.deviations.push({ instance: view.id, had: true, rows: [] })
    count(changes, after, view, -1)
    compareConditions(changes, after, model(view.version), view.id, conditionsOf(view), [])
    compareCommands(changes, after, model(view.version), view, view.commands, [])
  }
  for (const view of after.views) {
    const previous = old.get(view.id)
    // A run that is part of another now is found as that.
    const formerIds = gone.filter((candidate) => Math.min(candidate.run, after.views.length - 1) === view.run).map((candidate) => candidate.id)
    compareInstance(changes, after, previous, view, model(view.version), position, formerIds, fresh)
  }
  const nextBefore = nextOf(before)
  const next = nextOf(after)
  if (next === undefined) {
    if (nextBefore !== undefined) changes.goneDeadlines.push(after.unit)
  } else if (next !== nextBefore || (before.views.length === 0) !== (after.views.length === 0)) {
    const whose = after.views.length > 0 ? { model: null, key: null } : { model: after.model, key: after.key }
    changes.deadlines.push({ unit: after.unit, shard: after.shard, at: next, ...whose })
  }
}

/** The next moment at which what is shown of it may change by itself. */
export function nextOf(state: UnitState): number | undefined {
  const times = [...state.views.flatMap((view) => view.view.nextAt ?? []), ...(state.heldAt === undefined ? [] : [state.heldAt])]
  return times.length === 0 ? undefined : Math.min(...times)
}

function compareInstance(
  changes: Changes, unit: UnitState, previous: InstanceView | undefined, next: InstanceView, model: TrackedModel, position: bigint, formerIds: string[], fresh: ReadonlyMap<bigint, FactRow>,
): void {
  const { view } = next
  compareTokens(changes, next.id, previous === undefined ? [] : tokenRows(unit, previous), tokenRows(unit, next))
  const deviations = deviationRows(view)
  const deviated = previous === undefined ? [] : deviationRows(previous.view)
  if (!sameRows(deviated, deviations)) changes.deviations.push({ instance: next.id, had: deviated.length > 0, rows: deviations })
  compareReadings(changes, unit, previous, next, fresh)
  changes.instances.push({
    isNew: previous === undefined, id: next.id, unit: unit.unit, run: next.run, shard: unit.shard, model: unit.model, version: next.version, key: unit.key, formerIds, status: view.status,
    stuck: view.stuck, late: view.late, deviations: counted(view), settling: view.settling, approximate: view.approximate,
    startedAt: view.startedAt, lastEventAt: view.lastEventAt, endedAt: view.endedAt ?? null, closedAt: closedAt(unit, view), shownAt: unit.shownAt, position,
    tokens: JSON.stringify(view.tokens), variables: JSON.stringify(view.variables),
  })
  if (previous !== undefined) count(changes, unit, previous, -1)
  count(changes, unit, next, 1)
  compareConditions(changes, unit, model, next.id, previous === undefined ? [] : conditionsOf(previous), conditionsOf(next))
  compareCommands(changes, unit, model, next, previous?.commands ?? [], next.commands)
  if (changes.moves.length < MAX_MOVES) {
    const flows = newFlows(previous?.view.flows ?? [], view.flows)
    if (flows.length > 0) changes.moves.push({ model: unit.model, version: next.version, instance: next.id, key: unit.key, flows })
  }
}

/** From when on it is history: it had ended, that was known, and somebody followed its model. */
function closedAt({ deployedAt }: UnitState, { endedAt, lastArrival }: RunView): number | null {
  return endedAt === undefined ? null : Math.max(endedAt, lastArrival, deployedAt)
}

/** Deviations that count. */
function counted(view: RunView): number {
  return view.deviations.filter((deviation) => !deviation.accepted).length
}

function tokenRows(unit: UnitState, instance: InstanceView): TokenRow[] {
  const seen = new Map<string, number>()
  return instance.view.tokens.map(({ element, since, stuck, late }) => {
    const n = seen.get(element) ?? 0
    seen.set(element, n + 1)
    return { element, n, shard: unit.shard, model: unit.model, version: instance.version, since, stuck, late }
  })
}

function compareTokens(changes: Changes, instance: string, before: readonly TokenRow[], after: readonly TokenRow[]): void {
  const gone = before.filter((row) => !after.some((other) => sameToken(row, other)))
  const rows = after.filter((row) => !before.some((other) => sameToken(row, other)))
  if (gone.length > 0 || rows.length > 0) changes.tokens.push({ instance, gone, rows })
}

function sameToken(a: TokenRow, b: TokenRow): boolean {
  return a.element === b.element && a.n === b.n && a.since === b.since && a.stuck === b.stuck && a.late === b.late && a.version === b.version
}

function deviationRows(view: RunView): DeviationRow[] {
  const rows = new Map<string, DeviationRow>()
  for (const deviation of view.deviations) {
    for (const element of new Set(deviation.elements)) {
      const key = `${deviation.kind} ${element}`
      const times = deviation.elements.filter((each) => each === element).length
      const known = rows.get(key)
      if (known === undefined) rows.set(key, { kind: deviation.kind, element, at: deviation.at, count: times, provisional: deviation.provisional, accepted: deviation.accepted })
      else rows.set(key, { ...known, count: known.count + times, provisional: known.provisional || deviation.provisional })
    }
  }
  return [...rows.values()]
}

function sameRows(a: readonly object[], b: readonly object[]): boolean {
  return a.length === b.length && (a.length === 0 || JSON.stringify(a) === JSON.stringify(b))
}

function compareReadings(changes: Changes, unit: UnitState, previous: InstanceView | undefined, next: InstanceView, fresh: ReadonlyMap<bigint, FactRow>): void {
  const known = new Map(previous?.view.events.map((event) => [event.position, event]))
  for (const event of next.view.events) {
    const read = { instance: next.id, element: event.element ?? null, phase: event.phase ?? null, reading: event.reading }
    const row = fresh.get(event.position)
    if (row !== undefined) {
      row.read = read
      continue
    }
    const before = known.get(event.position)
    if (before !== undefined && before.element === event.element && before.phase === event.phase && before.reading === event.reading) continue
    changes.readings.push({ unit: unit.unit, position: event.position, ...read })
  }
}

function count(changes: Changes, unit: UnitState, instance: InstanceView, sign: 1 | -1): void {
  const { view, version } = instance
  const { shard, model } = unit
  const counts = entryOf(changes.counts, `${shard} ${version} ${model}`, () => noCounts(shard, model, version))
  const { total, flows } = counts
  total[view.status] += sign
  if (view.stuck) total.stuck += sign
  if (view.late && view.status === 'active') total.late += sign
  if (counted(view) > 0) total.deviating += sign
  if (sign > 0) total.lastEventAt = Math.max(total.lastEventAt, view.lastEventAt)
  const element = (id: string) => entryOf(counts.elements, id, noElementCount)
  for (const token of view.tokens) {
    const own = element(token.element)
    own.tokens += sign
    if (token.stuck) own.stuck += sign
    if (token.late) own.late += sign
  }
  if (view.deviations.length > 0) {
    for (const id of new Set(view.deviations.flatMap((deviation) => (deviation.accepted ? [] : deviation.elements)))) element(id).deviating += sign
  }
  for (const [id, visits] of view.visits) element(id).visits += sign * visits
  for (const flow of view.flows) flows.set(flow, (flows.get(flow) ?? 0) + sign)
  for (const [id, durationMs] of view.durations) {
    const buckets = entryOf(counts.durations, id, noBuckets)
    const bucket = bucketOf(durationMs)
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + sign)
  }
}

function noCounts(shard: number, model: string, version: number): VersionCounts {
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

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

/** What the run shows, and commands of it that could not be delivered. */
function conditionsOf({ view, commands }: InstanceView): readonly Condition[] {
  return [...view.conditions, ...commands.flatMap((command): Condition[] => (command.status !== 'dead' ? [] : [{
    kind: 'commandFailed', detail: '', element: command.element, since: command.settledAt ?? command.decidedAt, severity: 'critical', silent: false,
  }]))]
}

function compareConditions(changes: Changes, unit: UnitState, model: TrackedModel, instance: string, before: readonly Condition[], after: readonly Condition[]): void {
  if (before.length === 0 && after.length === 0) return
  const idOf = (condition: Condition) => identityOf(['alert', unit.model, condition.kind, condition.detail, condition.element])
  const known = new Map(before.map((condition) => [idOf(condition), condition]))
  const now = new Map(after.map((condition) => [idOf(condition), condition]))
  for (const [id, condition] of now) {
    const member = { alert: id, instance, since: condition.since, joinedAt: unit.shownAt, silent: condition.silent }
    const previous = known.get(id)
    if (previous !== undefined) {
      // A late event may move the moment of what goes on all the same.
      if (previous.since !== condition.since || previous.silent !== condition.silent) changes.members.push(member)
      continue
    }
    const cause = entryOf(changes.alerts, id, () => ({
      id, kind: condition.kind, severity: condition.severity, model: unit.model, element: condition.element, title: titleOf(condition, model), joined: 0, lastAt: unit.shownAt,
    }))
    cause.joined++
    changes.members.push(member)
  }
  for (const id of known.keys()) if (!now.has(id)) changes.goneMembers.push({ alert: id, instance })
}

const DEVIATION_TITLES: Readonly<Record<string, string>> = {
  skipped: 'was skipped', outOfOrder: 'came out of order', unexpected: 'was not expected', repeated: 'was repeated', rework: 'was done again',
  raceLost: 'came after another event had won', afterCancel: 'came after the cancellation', afterEnd: 'came after the end', missingStart: 'is missing: instances begin without it',
  decisionMismatch: 'went against the data', timerOverruled: 'was overruled by a late event', wrongOutcome: 'is an end that should not be reached',
}

function titleOf(condition: Condition, model: TrackedModel): string {
  const name = clean(condition.element === '' ? (model.process.name || model.process.id) : model.nameOf(condition.element))
  if (condition.kind === 'stuck') return `“${name}” is stuck`
  if (condition.kind === 'commandFailed') return `“${name}” could not be delivered`
  if (condition.kind === 'late') return `“${name}” is late`
  if (condition.kind === 'suspended') return `Instances are suspended at “${name}”: an expression would run away over their data`
  return `“${name}” ${DEVIATION_TITLES[condition.detail] ?? condition.detail}`
}

function compareCommands(changes: Changes, unit: UnitState, model: TrackedModel, instance: InstanceView, before: readonly CommandView[], after: readonly CommandView[]): void {
  if (before.length === 0 && after.length === 0) return
  const known = new Map(before.map((command) => [command.id, command]))
  const now = new Set(after.map((command) => command.id))
  for (const command of after) {
    const previous = known.get(command.id)
    if (previous !== undefined && JSON.stringify(previous) === JSON.stringify(command)) continue
    const definition = model.elements.get(command.element)?.command
    const left = unit.left.get(command.id)
    changes.commands.push({
      id: command.id, unit: unit.unit, instance: instance.id, shard: unit.shard, model: unit.model, version: instance.version, key: unit.key,
      element: command.element, cause: command.cause, type: definition?.type ?? '', target: definition?.target ?? null,
      data: JSON.stringify(left?.data === undefined ? dataOf(command, model, unit.key) : left.data), status: command.status,
      decidedAt: left?.decidedAt ?? command.decidedAt, leavesAt: command.leavesAt,
      leftAt: command.leftAt ?? null, deliveredAt: command.status === 'delivered' ? (command.settledAt ?? null) : null, note: command.note ?? null,
    })
  }
  for (const id of known.keys()) if (!now.has(id)) changes.goneCommands.push(id)
}

function dataOf(command: CommandView, model: TrackedModel, key: string): unknown {
  const text = model.elements.get(command.element)?.command?.data
  const name = model.process.keys[0]?.name ?? 'key'
  const byDefault = { key, [name]: key }
  if (text === undefined) return byDefault
  const { value, known } = compileExpression(text).evaluate({ ...command.variables, ...byDefault, now: command.decidedAt })
  return known ? value : byDefault
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
