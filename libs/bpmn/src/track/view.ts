/** What is shown of a run at a moment of the clock: a pure function of its trail and the clock. */
import type { Phase } from '../model.js'
import { partsOf } from '../net/net.js'
import { parseDate } from '../time/moment.js'
import { deviationsOf, type Deviation } from './deviations.js'
import type { Decision, Run, TrailStep } from './run.js'
import { chainToArray, type TokenAt } from './reading.js'

export interface ShownToken {
  readonly element: string
  readonly since: number
  /** Next deadline of a timer or SLA here. */
  readonly dueAt?: number
  readonly stuck: boolean
  readonly late: boolean
}

export type EventReading = 'fits' | 'redeemed' | 'deviates' | 'noted'

export interface ReadEvent {
  readonly position: bigint
  readonly element?: string
  readonly phase?: Phase
  readonly reading: EventReading
}

/** Why somebody should look at it. `kind` and `element` name the cause that alerts are grouped by. */
export interface Condition {
  readonly kind: 'stuck' | 'late' | 'deviation' | 'commandFailed'
  /** Of deviations: their kind. */
  readonly detail: string
  readonly element: string
  readonly since: number
  readonly severity: 'info' | 'warning' | 'critical'
  /** Its moment lay too far back when we learned of it: shown, but nobody is called. */
  readonly silent: boolean
}

export interface ShownDeadline {
  readonly kind: 'timer' | 'stuck' | 'sla' | 'completion'
  readonly element?: string
  readonly dueAt: number
  readonly actsAt: number
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
  readonly tokens: readonly ShownToken[]
  readonly deviations: readonly Deviation[]
  readonly events: readonly ReadEvent[]
  readonly decisions: readonly Decision[]
  readonly conditions: readonly Condition[]
  readonly deadlines: readonly ShownDeadline[]
  readonly variables: Readonly<Record<string, unknown>>
  /** Stays that began, per element; flows taken, in order; finished stays with both ends seen, as [element, milliseconds]. */
  readonly visits: ReadonlyMap<string, number>
  readonly flows: readonly string[]
  readonly durations: readonly (readonly [string, number])[]
  /** The next moment at which this may change by itself. */
  readonly nextAt?: number
}

export function viewOf(base: Run, clock: number): { readonly run: Run; readonly view: RunView } {
  const run = shown(base, clock)
  const { model } = run
  const story = run.story
  const deadlines: ShownDeadline[] = []
  const conditions: Condition[] = []
  const tooOld = (moment: number) => run.lastArrival - moment > model.effectsMaxAgeMs
  // Where the work is comes before the sub-process it is in.
  const isScope = (token: TokenAt) => (model.net.places[token.place]?.kind === 'scope' ? 1 : 0)
  const tokens = [...run.shownTokens].sort((a, b) => isScope(a) - isScope(b))
  const dead = run.belief.hypotheses.every(({ cost, marking }) => cost > 0 || model.isDead(marking))

  // While another explanation that costs nothing still waits for something, it can end, but has not ended.
  const ended = run.belief.hypotheses.every(({ cost, marking }) => cost > 0 || marking === '')
  const endable = !ended && run.canEnd
  const quietUntil = run.lastEventTime + model.completionMs
  const completed = ended || (endable && (model.completionMs === 0 || run.settlesAt(quietUntil) <= clock))
  const status = !completed ? 'active' : ended && story.terminated ? 'terminated' : 'completed'
  if (endable && !completed) deadlines.push({ kind: 'completion', dueAt: quietUntil, actsAt: run.settlesAt(quietUntil) })

  for (const arm of run.arms()) deadlines.push({ kind: 'timer', element: arm.timer.element.id, dueAt: arm.due, actsAt: run.actsAt(arm) })
  const shownTokens = completed ? [] : tokens.flatMap((token) => showToken(token))

  function showToken(token: TokenAt): ShownToken[] {
    const place = model.net.places[token.place]
    if (place === undefined || place.kind === 'source') return []
    const patience = model.patienceAt.get(token.place)
    const own: ShownDeadline[] = []
    let stuck = dead
    let late = false
    if (dead) conditions.push({ kind: 'stuck', detail: '', element: place.element, since: token.since, severity: 'critical', silent: tooOld(token.since) })
    if (patience?.stuckAfter !== undefined && token.sure) {
      const dueAt = model.after(token.since, patience.stuckAfter)
      const actsAt = run.settlesAt(dueAt)
      own.push({ kind: 'stuck', element: place.element, dueAt, actsAt })
      if (actsAt <= clock && !stuck) {
        stuck = true
        conditions.push({ kind: 'stuck', detail: '', element: place.element, since: dueAt, severity: 'warning', silent: tooOld(dueAt) })
      }
    }
    const promises = [...(patience?.sla === undefined ? [] : [{ dueAt: model.after(token.since, patience.sla.duration), severity: patience.sla.severity }]),
      ...(patience?.watches ?? []).flatMap((timer) => {
        const dueAt = watchDue(run, timer.kind, timer.text, token.since)
        return dueAt === undefined ? [] : [{ dueAt, severity: 'warning' as const }]
      })]
    for (const { dueAt, severity } of promises) {
      const actsAt = run.settlesAt(dueAt)
      own.push({ kind: 'sla', element: place.element, dueAt, actsAt })
      if (actsAt > clock) continue
      late = true
      conditions.push({ kind: 'late', detail: '', element: place.element, since: dueAt, severity, silent: tooOld(dueAt) })
    }
    deadlines.push(...own)
    const timers = deadlines.filter((deadline) => deadline.kind === 'timer' && model.timersAt.get(token.place)?.some((timer) => timer.element.id === deadline.element))
    const next = [...own.filter((deadline) => deadline.kind === 'sla'), ...timers].map((deadline) => deadline.dueAt).filter((due) => due > clock)
    return [{ element: place.element, since: token.since, stuck, late, ...(next.length === 0 ? {} : { dueAt: Math.min(...next) }) }]
  }

  const startedAt = run.first.time
  let late = shownTokens.some((token) => token.late)
  if (model.process.sla !== undefined) {
    const dueAt = model.after(startedAt, model.process.sla.duration)
    const actsAt = run.settlesAt(dueAt)
    if (!completed) deadlines.push({ kind: 'sla', dueAt, actsAt })
    const breached = completed ? run.headTime > dueAt : actsAt <= clock
    if (breached) {
      late = true
      if (!completed) conditions.push({ kind: 'late', detail: '', element: '', since: dueAt, severity: model.process.sla.severity, silent: tooOld(dueAt) })
    }
  }

  const deviations = deviationsOf(run)
  const settleTimes: number[] = []
  for (const deviation of deviations) {
    if (deviation.accepted) continue
    const actsAt = deviation.arrival + model.graceMs
    if (actsAt > clock) settleTimes.push(actsAt)
    else {
      conditions.push({
        kind: 'deviation', detail: deviation.kind, element: deviation.element, since: deviation.at,
        severity: deviation.kind === 'wrongOutcome' ? 'critical' : 'info', silent: deviation.arrival - deviation.at > model.effectsMaxAgeMs,
      })
    }
  }

  // At its due time a deadline acts on nothing, and yet what is shown changes: it is being waited out.
  const future = [...deadlines.flatMap((deadline) => [deadline.dueAt, deadline.actsAt]), ...settleTimes].filter((at) => at > clock)
  const settling = settleTimes.length > 0 || deadlines.some((deadline) => deadline.dueAt <= clock && deadline.actsAt > clock)
  return {
    run,
    view: {
      status, stuck: shownTokens.some((token) => token.stuck), late, settling, approximate: run.approximate,
      startedAt, lastEventAt: run.lastEventTime, ...(completed ? { endedAt: run.headTime } : {}),
      tokens: shownTokens, deviations, events: eventsOf(run), decisions: [...run.decisions.values()], conditions, deadlines,
      variables: run.variables, ...historyOf(run),
      ...(future.length === 0 ? {} : { nextAt: Math.min(...future) }),
    },
  }
}

/** What the clock has passed fires on a copy: it is shown, and never folded upon. */
function shown(base: Run, clock: number): Run {
  if (!base.arms().some((arm) => arm.certain && base.actsAt(arm) <= clock)) return base
  const copy = base.clone()
  copy.fireShown(clock)
  return copy
}

function watchDue(run: Run, kind: string, text: string, since: number): number | undefined {
  if (text.startsWith('=')) return undefined
  const { process } = run.model
  const date = kind === 'date' ? parseDate(text, process.zone) : undefined
  const due = date === undefined ? run.model.after(since, text) : date.ok ? date.value : Number.NaN
  return Number.isFinite(due) ? due : undefined
}

function eventsOf(run: Run): readonly ReadEvent[] {
  const chosen = run.chosen()
  const events = run.trail.flatMap((step, at) => (step.fact === undefined ? [] : [readEvent(run, step, chosen[at] ?? 0)]))
  return [...events, ...run.notes.map((fact): ReadEvent => ({ position: fact.position, reading: 'noted' }))]
}

function readEvent(run: Run, step: TrailStep, index: number): ReadEvent {
  const move = step.step.moves[index]
  const position = step.fact?.position ?? 0n
  if (move?.how === 'sync') {
    const transition = run.model.net.transitions[move.fired[move.main] ?? -1]
    if (transition?.phase !== undefined) return { position, element: transition.element, phase: transition.phase, reading: 'fits' }
  }
  if (move?.how === 'redeem' && move.label !== undefined) return { position, ...partsOf(move.label), reading: 'redeemed' }
  return { position, ...(step.symbol ? partsOf(step.symbol.split('\u0001')[0] ?? '') : {}), reading: 'deviates' }
}

function historyOf(run: Run): Pick<RunView, 'visits' | 'flows' | 'durations'> {
  const story = run.story
  const visits = new Map<string, number>()
  const durations: [string, number][] = []
  const count = (element: string) => visits.set(element, (visits.get(element) ?? 0) + 1)
  for (const visit of chainToArray(story.visits)) {
    count(visit.element)
    if (visit.measured) durations.push([visit.element, visit.left - visit.entered])
  }
  for (const token of story.tokens) {
    const place = run.model.net.places[token.place]
    if (place !== undefined && place.kind !== 'source' && place.kind !== 'join') count(place.element)
  }
  const flows = chainToArray(story.fired).flatMap((index) => run.model.net.transitions[index]?.flows ?? [])
  return { visits, flows, durations }
}
