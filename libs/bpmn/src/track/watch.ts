/** What the tokens of a run wait for in time: how long they may stay, what was promised, which timers run. */
import { isShown } from '../net/net.js'
import { parseDate } from '../time/moment.js'
import type { Agenda, ShownDeadline } from './agenda.js'
import type { TokenAt } from './reading.js'
import { instancesOf } from './repetitions.js'
import type { Run } from './run.js'
import { itemName } from './tracked-items.js'
import type { PatienceAt, TimerAt } from './waits.js'
import type { Condition, ShownToken } from './view.js'

const NO_TOKENS: readonly ShownToken[] = []

/**
 * Tokens as they are shown at the clock of the agenda. Adds what is due to it, and why somebody should look at it to `conditions`.
 * @param completed the run has ended, so that nothing is waited for
 */
export function watchRun(
  run: Run, completed: boolean, agenda: Agenda, conditions: Condition[],
): { readonly tokens: readonly ShownToken[]; readonly late: boolean } {
  const { model } = run
  for (const arm of run.arms) agenda.add('timer', arm.timer.element.id, arm.due, run.actsAt(arm))
  let tokens = NO_TOKENS
  let late = false
  if (!completed) {
    const watch = new Watch(run, agenda, conditions)
    tokens = run.items === undefined ? watch.tokens() : [...watchItems(run, agenda, conditions), ...watch.tokens()]
    late = tokens.some((token) => token.late)
  }
  if (model.process.sla !== undefined) {
    const dueAt = model.after(run.first.time, model.process.sla.duration)
    const actsAt = run.settlesAt(dueAt)
    if (!completed) agenda.add('sla', undefined, dueAt, actsAt)
    if (completed ? run.headTime > dueAt : actsAt <= agenda.clock) {
      late = true
      if (!completed) conditions.push({ kind: 'late', detail: '', element: '', since: dueAt, severity: model.process.sla.severity, silent: isTooOld(run, dueAt) })
    }
  }
  return { tokens, late }
}

/** Tokens of the items that are at work. */
function watchItems(run: Run, agenda: Agenda, conditions: Condition[]): readonly ShownToken[] {
  return (run.items?.open ?? []).flatMap(({ of, key, run: item }) => {
    const repetition = run.model.repetitionOf(of.id)
    return watchRun(item, false, agenda, conditions).tokens.map((token) => ({
      ...token, item: itemName(key, token.item), ...(repetition === undefined || token.element !== of.id ? {} : { instances: instancesOf(run, repetition) }),
    }))
  })
}

interface Promised {
  readonly dueAt: number
  readonly severity: Condition['severity']
}

const NO_PROMISES: readonly Promised[] = []

class Watch {
  readonly #run: Run
  readonly #clock: number
  readonly #agenda: Agenda
  readonly #conditions: Condition[]

  constructor(run: Run, agenda: Agenda, conditions: Condition[]) {
    this.#run = run
    this.#clock = agenda.clock
    this.#agenda = agenda
    this.#conditions = conditions
  }

  /** Where the work is comes before the sub-process it is in. */
  tokens(): readonly ShownToken[] {
    const shown = new Array<ShownToken>(this.#run.shownTokens.length)
    const count = this.#show(shown, this.#show(shown, 0, false), true)
    if (count < shown.length) shown.length = count
    return shown
  }

  /** Answers how many are shown then. */
  #show(shown: ShownToken[], count: number, wantsScope: boolean): number {
    const { places } = this.#run.model.net
    for (const token of this.#run.shownTokens) {
      const place = places[token.place]
      // Where items are at work, it is they that are shown.
      if (place === undefined || (place.kind === 'scope') !== wantsScope || !isShown(place) || this.#run.items?.areShownFor(place) === true) continue
      shown[count++] = this.#counted(place.element, this.#token(token, place.element))
    }
    return count
  }

  #counted(element: string, token: ShownToken): ShownToken {
    const { model } = this.#run
    const repetition = model.repetitionsAt.size === 0 ? undefined : model.repetitionOf(element)
    return repetition === undefined ? token : { ...token, instances: instancesOf(this.#run, repetition) }
  }

  #token(token: TokenAt, element: string): ShownToken {
    const { model } = this.#run
    let stuck = this.#run.posture.dead
    if (stuck) this.#condition('stuck', element, token.since, 'critical')
    const timers = model.timersAt.get(token.place)
    const patience = model.patienceAt.get(token.place)
    if (timers === undefined && patience === undefined) return { element, since: token.since, stuck, late: false }
    let late = false
    let next = timers === undefined ? Infinity : this.#nextOf(timers)
    if (patience?.stuckAfter !== undefined && token.sure) {
      const dueAt = model.after(token.since, patience.stuckAfter)
      if (this.#isPast('stuck', element, dueAt) && !stuck) {
        stuck = true
        this.#condition('stuck', element, dueAt, 'warning')
      }
    }
    for (const { dueAt, severity } of patience === undefined ? NO_PROMISES : this.#promises(patience, token.since)) {
      if (dueAt > this.#clock && dueAt < next) next = dueAt
      if (!this.#isPast('sla', element, dueAt)) continue
      late = true
      this.#condition('late', element, dueAt, severity)
    }
    return next === Infinity ? { element, since: token.since, stuck, late } : { element, since: token.since, stuck, late, dueAt: next }
  }

  /** When the next of these timers is due. */
  #nextOf(timers: readonly TimerAt[]): number {
    for (const arm of this.#run.arms) if (arm.due > this.#clock && timers.some((timer) => timer.element.id === arm.timer.element.id)) return arm.due
    return Infinity
  }

  #promises({ sla, watches }: PatienceAt, since: number): readonly Promised[] {
    if (sla === undefined && watches.length === 0) return NO_PROMISES
    const promises: Promised[] = sla === undefined ? [] : [{ dueAt: this.#run.model.after(since, sla.duration), severity: sla.severity }]
    for (const timer of watches) {
      const dueAt = this.#watchDue(timer.kind, timer.text, since)
      if (dueAt !== undefined) promises.push({ dueAt, severity: 'warning' })
    }
    return promises
  }

  /** Notes the deadline, and answers whether the clock has passed it for good. */
  #isPast(kind: ShownDeadline['kind'], element: string, dueAt: number): boolean {
    const actsAt = this.#run.settlesAt(dueAt)
    this.#agenda.add(kind, element, dueAt, actsAt)
    return actsAt <= this.#clock
  }

  #condition(kind: Condition['kind'], element: string, since: number, severity: Condition['severity']): void {
    this.#conditions.push({ kind, detail: '', element, since, severity, silent: isTooOld(this.#run, since) })
  }

  #watchDue(kind: string, text: string, since: number): number | undefined {
    if (text.startsWith('=')) return undefined
    const { model } = this.#run
    const date = kind === 'date' ? parseDate(text, model.process.zone) : undefined
    const due = date === undefined ? model.after(since, text) : date.ok ? date.value : Number.NaN
    return Number.isFinite(due) ? due : undefined
  }
}

function isTooOld(run: Run, moment: number): boolean {
  return run.lastArrival - moment > run.model.effectsMaxAgeMs
}
