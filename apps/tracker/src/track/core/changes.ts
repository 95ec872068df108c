/**
 * What a batch changes in the tables: the difference between what was shown of a unit and what is shown now. Pure; the statements are in
 * store/write.
 */
import { compileExpression, type CommandView, type Condition, type InstanceView, type RunView, type History, type TrackedModel } from '@tidemark/bpmn'
import { clean } from './decode.js'
import type { Changes, DeviationRow, FactRow } from '../../store/write/changes.js'
import { identityOf } from '../../store/identity.js'
import { countAll, countChange, countedDeviations, entryOf } from './tally.js'

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

/** Adds what differs between the two states of a unit. `fresh`: facts of it that are written in this batch. */
export function compareUnit(changes: Changes, before: UnitState, after: UnitState, model: (version: number) => TrackedModel, position: bigint, fresh: readonly FactRow[]): void {
  const previousOf = finder(before.views)
  const nowOf = finder(after.views)
  const gone = before.views.filter((view) => nowOf(view.id) === undefined)
  for (const view of gone) {
    changes.goneInstances.push(view.id)
    removeTokens(changes, view.id, keyTokens(view.view.tokens))
    changes.deviations.push({ instance: view.id, had: true, rows: [] })
    countAll(changes, after, view, -1)
    compareConditions(changes, after, model(view.version), view.id, conditionsOf(view), NOTHING)
    compareCommands(changes, after, model(view.version), view, view.commands, [])
  }
  for (const view of after.views) {
    // A run that is part of another now is found as that.
    const formerIds = gone.length === 0 ? NO_IDS : gone.flatMap((candidate) => (Math.min(candidate.run, after.views.length - 1) === view.run ? [candidate.id] : []))
    compareInstance(changes, after, previousOf(view.id), view, model(view.version), position, formerIds, fresh)
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

const NO_IDS: readonly string[] = []
const NOTHING: readonly Condition[] = []

/** Most units have one instance: a map of it would cost more than all the rest. */
function finder(views: readonly InstanceView[]): (id: string) => InstanceView | undefined {
  if (views.length < 2) return (id) => (views[0]?.id === id ? views[0] : undefined)
  const byId = new Map(views.map((view) => [view.id, view]))
  return (id) => byId.get(id)
}

/** The next moment at which what is shown of it may change by itself. */
export function nextOf({ views, heldAt }: UnitState): number | undefined {
  let next = heldAt ?? Infinity
  for (const { view } of views) if (view.nextAt !== undefined && view.nextAt < next) next = view.nextAt
  return next === Infinity ? undefined : next
}

function compareInstance(
  changes: Changes, unit: UnitState, previous: InstanceView | undefined, next: InstanceView, model: TrackedModel, position: bigint, formerIds: readonly string[],
  fresh: readonly FactRow[],
): void {
  const { view } = next
  const told = previous === undefined || previous.version !== next.version ? undefined : view.since(previous.view)
  compareTokens(changes, unit, previous, next)
  compareDeviations(changes, next.id, previous?.view, view)
  compareReadings(changes, unit, told === undefined ? previous : undefined, next.id, (told ?? view).events, fresh)
  changes.instances.push({
    isNew: previous === undefined, id: next.id, unit: unit.unit, run: next.run, shard: unit.shard, model: unit.model, version: next.version, key: unit.key, formerIds, status: view.status,
    stuck: view.stuck, late: view.late, deviations: countedDeviations(view), settling: view.settling, approximate: view.approximate,
    startedAt: view.startedAt, lastEventAt: view.lastEventAt, endedAt: view.endedAt ?? null, closedAt: closedAt(unit, view), shownAt: unit.shownAt, position,
    tokens: view.tokens, variables: previous !== undefined && previous.view.variables === view.variables ? null : view.variables,
  })
  if (previous === undefined) countAll(changes, unit, next, 1)
  else countChange(changes, unit, previous, next, told)
  compareConditions(changes, unit, model, next.id, previous === undefined ? NOTHING : conditionsOf(previous), conditionsOf(next))
  if (next.commands.length > 0 || (previous !== undefined && previous.commands.length > 0)) compareCommands(changes, unit, model, next, previous?.commands ?? [], next.commands)
  if (changes.moves.length < MAX_MOVES) {
    const flows = told?.flows ?? newFlows(previous?.view.flows ?? [], view.flows)
    if (flows.length > 0) changes.moves.push({ model: unit.model, version: next.version, instance: next.id, key: unit.key, flows })
  }
}

/** From when on it is history: it had ended, that was known, and somebody followed its model. */
function closedAt({ deployedAt }: UnitState, { endedAt, lastArrival }: RunView): number | null {
  return endedAt === undefined ? null : Math.max(endedAt, lastArrival, deployedAt)
}

type ShownToken = RunView['tokens'][number]

interface KeyedToken {
  readonly token: ShownToken
  /** Of several tokens at one element: which. */
  readonly n: number
}

function keyTokens(tokens: readonly ShownToken[]): readonly KeyedToken[] {
  return tokens.map((token, index) => {
    let n = 0
    for (let earlier = 0; earlier < index; earlier++) if (tokens[earlier]?.element === token.element) n++
    return { token, n }
  })
}

function compareTokens(changes: Changes, unit: UnitState, previous: InstanceView | undefined, next: InstanceView): void {
  const before = previous === undefined ? [] : keyTokens(previous.view.tokens)
  const after = keyTokens(next.view.tokens)
  const isKept = previous?.version === next.version
  removeTokens(changes, next.id, isKept ? before.filter((token) => !after.some((other) => sameToken(token, other))) : before)
  for (const keyed of after) {
    if (isKept && before.some((other) => sameToken(keyed, other))) continue
    const { token: { element, since, stuck, late }, n } = keyed
    changes.tokens.push({ instance: next.id, element, n, shard: unit.shard, model: unit.model, version: next.version, since, stuck, late })
  }
}

function removeTokens(changes: Changes, instance: string, tokens: readonly KeyedToken[]): void {
  for (const { token, n } of tokens) changes.goneTokens.push({ instance, element: token.element, n })
}

function sameToken(a: KeyedToken, b: KeyedToken): boolean {
  return a.token.element === b.token.element && a.n === b.n && a.token.since === b.token.since && a.token.stuck === b.token.stuck && a.token.late === b.token.late
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

/** @param previous where `events` are all that there are, and some of them were shown before */
function compareReadings(
  changes: Changes, unit: UnitState, previous: InstanceView | undefined, instance: string, events: History['events'], fresh: readonly FactRow[],
): void {
  const rows = fresh.length < 2 ? undefined : new Map(fresh.map((row) => [row.fact.position, row]))
  const [only] = fresh
  const known = previous === undefined ? undefined : new Map(previous.view.events.map((event) => [event.position, event]))
  for (const event of events) {
    const read = { instance, element: event.element ?? null, phase: event.phase ?? null, reading: event.reading }
    const row = rows === undefined ? (only?.fact.position === event.position ? only : undefined) : rows.get(event.position)
    if (row !== undefined) {
      row.read = read
      continue
    }
    const before = known?.get(event.position)
    if (before !== undefined && before.element === event.element && before.phase === event.phase && before.reading === event.reading) continue
    changes.readings.push({ unit: unit.unit, position: event.position, ...read })
  }
}

/** What the run shows, and commands of it that could not be delivered. */
function conditionsOf({ view, commands }: InstanceView): readonly Condition[] {
  if (commands.length === 0) return view.conditions
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
    entryOf(changes.alerts, id, () => ({
      id, kind: condition.kind, severity: condition.severity, model: unit.model, element: condition.element, title: titleOf(condition, model),
    }))
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
