/** What is shown of a run at a moment of the clock: a pure function of its trail and the clock. */
import { Agenda, type ShownDeadline } from './agenda.js'
import type { Decision } from './decisions.js'
import { deviationsOf, type Deviation } from './deviations.js'
import { tellSince, type History, type Listener, type ReadEvent } from './history.js'
import { recordOf, tellWhole, wholeHistoryOf, type RunRecord } from './item-history.js'
import { watchMessages, type InTransit } from './messages.js'
import { allRuns, openRuns, type Run } from './run.js'
import type { Instances } from './repetitions.js'
import { suspensionOf } from './suspension.js'
import { mayBeDue, nextOf } from './timers.js'
import { watchRun } from './watch.js'

export interface ShownToken {
  readonly element: string
  readonly since: number
  /** Next deadline of a timer or SLA here. */
  readonly dueAt?: number
  readonly stuck: boolean
  readonly late: boolean
  /** The item that it belongs to, of what is followed item by item. */
  readonly item?: string
  /** Of an activity with a loop marker: instances that are done, and how many there are to be, where data says so. */
  readonly instances?: Instances
}

/** Why somebody should look at it. `kind` and `element` name the cause that alerts are grouped by. */
export interface Condition {
  readonly kind: 'stuck' | 'late' | 'deviation' | 'commandFailed' | 'suspended'
  /** Of deviations: their kind. */
  readonly detail: string
  readonly element: string
  readonly since: number
  readonly severity: 'info' | 'warning' | 'critical'
  /** Its moment lay too far back when we learned of it: shown, but nobody is called. */
  readonly silent: boolean
}

export interface RunView {
  readonly status: 'active' | 'completed' | 'terminated'
  readonly stuck: boolean
  readonly late: boolean
  readonly settling: boolean
  readonly approximate: boolean
  readonly startedAt: number
  readonly lastEventAt: number
  readonly endedAt?: number
  /** Append time of its last entry. */
  readonly lastArrival: number
  readonly tokens: readonly ShownToken[]
  /** Messages between its pool and others that were sent and have not been received. */
  readonly messages: readonly InTransit[]
  readonly deviations: readonly Deviation[]
  readonly events: readonly ReadEvent[]
  readonly decisions: readonly Decision[]
  readonly conditions: readonly Condition[]
  readonly variables: Readonly<Record<string, unknown>>
  /** Stays that began, per element; flows taken, in order; finished stays with both ends seen, as [element, milliseconds]. */
  readonly visits: ReadonlyMap<string, number>
  readonly flows: readonly string[]
  readonly durations: readonly (readonly [string, number])[]
  /** The next moment at which this may change by itself. */
  readonly nextAt?: number
  /** Tells all that has happened: its events, visits, flows and durations. */
  tell(to: Listener): void
  /**
   * The same of what has happened since an earlier view of the same run; false, and nothing is told, where what is in that is told otherwise here, or
   * where items are followed one by one.
   */
  tellSince(earlier: RunView, to: Listener): boolean
}

/**
 * What is shown of a run, as it stands at this moment of the clock.
 * @param cut events of it are not followed, so that what is shown is not exact
 */
export function viewOf(run: Run, clock: number, cut: boolean): RunView {
  return new ViewOfRun(run, new Agenda(clock), cut)
}

/** What is due of a run, as it stands at this moment of the clock. */
export function deadlinesOf(run: Run, clock: number): readonly ShownDeadline[] {
  const deadlines: ShownDeadline[] = []
  void new ViewOfRun(run, new Agenda(clock, deadlines), false)
  return deadlines
}

/** What the clock has passed fires on a copy: it is shown, and never folded upon. */
export function shownAt(base: Run, clock: number): Run {
  if (!mayBeDue(base, clock) || nextOf(base, (arm, of) => of.actsAt(arm) <= clock) === undefined) return base
  const copy = base.clone()
  copy.fireShown(clock)
  return copy
}

const NO_CONDITIONS: readonly Condition[] = []
const NO_DECISIONS: readonly Decision[] = []
const NO_RUNS: readonly Run[] = []

class ViewOfRun implements RunView {
  readonly status: RunView['status']
  readonly stuck: boolean
  readonly late: boolean
  readonly settling: boolean
  readonly approximate: boolean
  readonly startedAt: number
  readonly lastEventAt: number
  readonly endedAt: number | undefined
  readonly lastArrival: number
  readonly tokens: readonly ShownToken[]
  readonly messages: readonly InTransit[]
  readonly deviations: readonly Deviation[]
  readonly decisions: readonly Decision[]
  readonly conditions: readonly Condition[]
  readonly variables: Readonly<Record<string, unknown>>
  readonly nextAt: number | undefined
  readonly #record: RunRecord
  #history: History | undefined

  constructor(run: Run, agenda: Agenda, cut: boolean) {
    const { model, posture, story } = run
    const { clock } = agenda
    const conditions: Condition[] = []
    // While another explanation that costs nothing still waits for something, it can end, but has not ended.
    const endable = !posture.ended && posture.canEnd
    const quietUntil = run.lastEventTime + model.completionMs
    const completed = posture.ended || (endable && (model.completionMs === 0 || run.settlesAt(quietUntil) <= clock))
    if (endable && !completed) agenda.add('completion', undefined, quietUntil, run.settlesAt(quietUntil))
    const { tokens, late } = watchRun(run, completed, agenda, conditions)
    const messages = watchMessages(run, completed, agenda, conditions)
    for (const each of completed || (run.items === undefined && model.runaways.size === 0) ? NO_RUNS : openRuns(run)) {
      const suspended = suspensionOf(each)
      if (suspended === undefined) continue
      conditions.push({
        kind: 'suspended', detail: '', element: suspended.element.id, since: each.headTime, severity: 'critical', silent: run.lastArrival - each.headTime > model.effectsMaxAgeMs,
      })
    }
    const deviations = deviationsOf(run)
    for (const deviation of deviations) {
      if (deviation.accepted) continue
      const actsAt = deviation.arrival + model.graceMs
      if (actsAt > clock) {
        agenda.settlesAt(actsAt)
      } else {
        conditions.push({
          kind: 'deviation', detail: deviation.kind, element: deviation.element, since: deviation.at,
          severity: deviation.kind === 'wrongOutcome' ? 'critical' : 'info', silent: deviation.arrival - deviation.at > model.effectsMaxAgeMs,
        })
      }
    }
    this.status = !completed ? 'active' : posture.ended && story.terminated ? 'terminated' : 'completed'
    this.stuck = tokens.some((token) => token.stuck)
    this.late = late || messages.some((message) => message.late && message.flow.direction === 'out')
    this.settling = agenda.settling
    this.approximate = run.approximate || cut || (run.items !== undefined && allRuns(run).some((each) => each.approximate))
    this.startedAt = run.first.time
    this.lastEventAt = run.lastEventTime
    this.endedAt = completed ? run.headTime : undefined
    this.lastArrival = run.lastArrival
    this.tokens = tokens
    this.messages = messages
    this.deviations = deviations
    this.decisions = run.items !== undefined ? allRuns(run).flatMap((each) => [...each.decisions.values()]) : run.decisions.size === 0 ? NO_DECISIONS : [...run.decisions.values()]
    this.conditions = conditions.length === 0 ? NO_CONDITIONS : conditions
    this.variables = run.variables
    this.nextAt = agenda.nextAt === Infinity ? undefined : agenda.nextAt
    this.#record = recordOf(run)
  }

  get events(): readonly ReadEvent[] {
    return this.#told.events
  }

  get visits(): ReadonlyMap<string, number> {
    return this.#told.visits
  }

  get flows(): readonly string[] {
    return this.#told.flows
  }

  get durations(): readonly (readonly [string, number])[] {
    return this.#told.durations
  }

  tell(to: Listener): void {
    tellWhole(this.#record, to)
  }

  tellSince(earlier: RunView, to: Listener): boolean {
    if (!(earlier instanceof ViewOfRun) || earlier.#record.items.length > 0 || this.#record.items.length > 0) return false
    return tellSince(earlier.#record, this.#record, to)
  }

  toJSON(): object {
    const { events, visits, flows, durations } = this.#told
    return { ...this, events, visits, flows, durations }
  }

  /** The length of a run is paid for only by who asks what happened in it. */
  get #told(): History {
    return this.#history ??= wholeHistoryOf(this.#record)
  }
}
