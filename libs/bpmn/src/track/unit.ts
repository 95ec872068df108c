/**
 * A unit: all entries of one primary key of a model, folded together in event-time order. Its runs (the instances) are cut inside the fold: a
 * start opens the next one when the present one can end.
 */
import { compareFacts, type Fact } from './fact.js'
import { Run, type Decision } from './run.js'
import type { TrackedModel } from './tracked-model.js'
import { viewOf, type RunView } from './view.js'

/** What a unit needs to know of its surroundings; pure. */
export interface UnitContext {
  readonly model: string
  readonly key: string
  /** The version in force at a moment of event time. */
  versionAt(time: number): Version | undefined
  /** A hash of these parts, as an identity. The same parts give the same identity, for ever. */
  identify(parts: readonly string[]): string
}

interface Version {
  readonly version: number
  readonly model: TrackedModel
}

export interface CommandView {
  /** Idempotency key. */
  readonly id: string
  readonly element: string
  readonly cause: string
  readonly status: 'noted' | 'proposed' | 'scheduled' | 'sending' | 'delivered' | 'dead' | 'rejected' | 'missed'
  readonly decidedAt: number
  readonly leavesAt: number
  readonly leftAt?: number
  readonly settledAt?: number
  readonly note?: string
  readonly variables: Readonly<Record<string, unknown>>
}

export interface InstanceView {
  readonly id: string
  readonly run: number
  readonly version: number
  readonly view: RunView
  readonly commands: readonly CommandView[]
  /** The run as shown, for explanations. */
  readonly shown: Run
}

/** Entries of one key beyond this many are not followed any more: the unit is oversized. */
export const MAX_FACTS = 10_000

export class Unit {
  readonly #context: UnitContext
  #facts: Fact[] = []
  readonly #positions = new Set<bigint>()
  #runs: Run[] = []
  #lefts: Fact[] = []
  #settled = new Map<string, Fact>()
  /** Events before the first that is bound in the version of its time. */
  #before: Fact[] = []
  oversized = false

  constructor(context: UnitContext) {
    this.#context = context
  }

  get facts(): readonly Fact[] {
    return this.#facts
  }

  get runs(): readonly Run[] {
    return this.#runs
  }

  has(position: bigint): boolean {
    return this.#positions.has(position)
  }

  /** Adds entries in any order. Late ones are folded where they belong: everything after them is folded again. */
  add(facts: readonly Fact[]): void {
    const fresh = facts.filter((fact) => !this.#positions.has(fact.position)).sort(compareFacts)
    if (fresh.length === 0) return
    const room = MAX_FACTS - this.#facts.length
    if (fresh.length > room) this.oversized = true
    const taken = fresh.slice(0, Math.max(room, 0))
    const [first] = taken
    if (first === undefined) return
    for (const fact of taken) this.#positions.add(fact.position)
    const last = this.#facts.at(-1)
    if (last === undefined || compareFacts(last, first) < 0) {
      this.#facts.push(...taken)
      for (const fact of taken) this.#fold(fact)
      return
    }
    this.#facts = [...this.#facts, ...taken].sort(compareFacts)
    this.#foldAll()
  }

  /** The instances as shown at this moment of the clock. */
  view(clock: number): readonly InstanceView[] {
    const shown = this.#runs.map((base) => viewOf(base, clock))
    // What left belongs to the run that decided it; what nobody decided any more to the last one.
    const owners = new Map<string, Run>()
    if (this.#lefts.length > 0) for (const { run } of shown) for (const decision of run.decisions.values()) owners.set(this.#idOf(decision), run)
    return shown.map(({ run, view }, index) => {
      const lefts = this.#lefts.filter((fact) => (owners.get(fact.command ?? '') ?? shown.at(-1)?.run) === run)
      return { id: this.#runId(run), run: index, version: run.version, view, commands: this.#commands(run, lefts), shown: run }
    })
  }

  #foldAll(): void {
    this.#runs = []
    this.#lefts = []
    this.#settled = new Map()
    this.#before = []
    for (const fact of this.#facts) this.#fold(fact)
  }

  #fold(fact: Fact): void {
    if (fact.kind === 'left') this.#lefts.push(fact)
    if (fact.kind === 'settled' && fact.command !== undefined) this.#settled.set(fact.command, fact)
    // Sent again under the same key: what became of the attempts before counts no more.
    if (fact.kind === 'operation' && fact.outcome === 'retried' && fact.command !== undefined) this.#settled.delete(fact.command)
    if (fact.kind === 'event') return this.#event(fact)
    const concerned = fact.kind === 'operation' ? this.#runs : this.#runs.slice(-1)
    for (const run of concerned) this.#apply(run, fact)
  }

  #event(fact: Fact): void {
    const inForce = this.#context.versionAt(fact.time)
    const next = inForce === undefined ? [] : (fact.labels[inForce.version] ?? [])
    const present = this.#runs.at(-1)
    if (present === undefined) {
      if (inForce !== undefined && next.length > 0) this.#open(inForce, [...this.#before.splice(0), fact])
      else this.#before.push(fact)
      return
    }
    if (inForce === undefined || !this.#opensNext(present, fact, inForce.model, next)) return this.#apply(present, fact)
    const early = present.straysSince(fact.time - inForce.model.toleranceMs).filter((stray) => (stray.labels[inForce.version] ?? []).length > 0)
    if (early.length > 0) this.#runs.splice(-1, 1, ...this.#without(present, early, fact))
    this.#open(inForce, [...early, fact])
  }

  /** The first of these that is bound begins it; what came before is part of its history. */
  #open({ model, version }: Version, facts: readonly Fact[]): void {
    const first = facts.find((fact) => (fact.labels[version] ?? []).length > 0)
    if (first === undefined) return
    const run = new Run(model, version, first)
    this.#runs.push(run)
    for (const fact of facts) this.#apply(run, fact)
  }

  /** The run again, but for some of its events: a start has shown that they belong to the next one, whose clock runs a little ahead. */
  #without(run: Run, strays: readonly Fact[], upTo: Fact): readonly Run[] {
    if (strays.includes(run.first)) return []
    const again = new Run(run.model, run.version, run.first)
    const from = this.#runs.length === 1 ? 0 : this.#facts.indexOf(run.first)
    for (const fact of this.#facts.slice(from, this.#facts.indexOf(upTo))) if (!strays.includes(fact)) this.#apply(again, fact)
    again.fireDue(upTo.time)
    return [again]
  }

  #apply(run: Run, fact: Fact): void {
    if (fact.kind === 'event') run.observe(fact, fact.labels[run.version])
    else if (fact.kind === 'settled') run.fireDue(fact.time)
    else run.operate(fact)
    run.settleOperations((decision) => this.#idOf(decision))
  }

  #opensNext(present: Run, fact: Fact, model: TrackedModel, next: readonly string[]): boolean {
    if (next.length === 0 || !model.canStart(next)) return false
    present.fireDue(fact.time)
    if (!present.canEnd) return false
    const labels = fact.labels[present.version] ?? []
    return labels.length === 0 || !present.fits(labels)
  }

  #runId(run: Run): string {
    return this.#context.identify([this.#context.model, this.#context.key, run.first.source, run.first.id])
  }

  #idOf(decision: Decision): string {
    return this.#context.identify([this.#context.model, this.#context.key, decision.element, decision.cause])
  }

  /**
   * Decisions meet the commands that left, first by cause, then in order: after a refold a decision with another cause takes over the key of
   * what already left, so that nothing is sent twice. What left and has no decision any more stays, and says so.
   */
  #commands(run: Run, lefts: readonly Fact[]): readonly CommandView[] {
    const unmatched = lefts.filter((left) => left.command !== undefined)
    const views: CommandView[] = []
    const open: { decision: Decision; id: string }[] = []
    for (const decision of run.decisions.values()) {
      const id = this.#idOf(decision)
      const at = unmatched.findIndex((left) => left.command === id)
      if (at >= 0) views.push(this.#left(run, decision, unmatched.splice(at, 1)[0] as Fact))
      else open.push({ decision, id })
    }
    for (const { decision, id } of open) {
      const at = decision.status === 'scheduled' || decision.status === 'proposed' ? unmatched.findIndex((left) => left.element === decision.element) : -1
      if (at >= 0) {
        views.push(this.#left(run, decision, unmatched.splice(at, 1)[0] as Fact))
        continue
      }
      const evidenced = decision.status === 'scheduled' && wasSeenDone(run, decision)
      views.push({
        id, element: decision.element, cause: decision.cause, status: evidenced ? 'missed' : decision.status, decidedAt: decision.moment, leavesAt: decision.leavesAt,
        variables: decision.variables,
        ...(evidenced ? { note: 'what it asks for was seen done before it left' } : decision.note === undefined ? {} : { note: decision.note }),
      })
    }
    for (const left of unmatched) {
      const settled = this.#settled.get(left.command ?? '')
      views.push({
        id: left.command ?? '', element: left.element ?? '', cause: '', status: statusOf(settled), decidedAt: left.time, leavesAt: left.time, leftAt: left.time,
        variables: {}, note: 'a late event showed, after it had left, that it was not needed', ...(settled === undefined ? {} : { settledAt: settled.time }),
      })
    }
    return views
  }

  #left(_run: Run, decision: Decision, left: Fact): CommandView {
    const settled = this.#settled.get(left.command ?? '')
    return {
      id: left.command ?? '', element: decision.element, cause: decision.cause, status: statusOf(settled), decidedAt: decision.moment,
      leavesAt: decision.leavesAt, leftAt: left.time, variables: decision.variables,
      ...(settled === undefined ? {} : { settledAt: settled.time }), ...(decision.note === undefined ? {} : { note: decision.note }),
    }
  }
}

function statusOf(settled: Fact | undefined): CommandView['status'] {
  if (settled === undefined) return 'sending'
  return settled.outcome === 'delivered' ? 'delivered' : 'dead'
}

/** A later event moved a token on that this decision brought. */
function wasSeenDone(run: Run, decision: Decision): boolean {
  if (decision.at === undefined) return false
  const chosen = run.chosen()
  for (let at = decision.at + 1; at < run.trail.length; at++) {
    const step = run.trail[at]
    const move = step?.step.moves[chosen[at] ?? 0]
    if (step?.kind !== 'event' || move?.how !== 'sync') continue
    const before = run.storyAt(at - 1, chosen[at - 1] ?? 0)
    const inputs = new Set(move.fired.flatMap((index) => run.model.net.transitions[index]?.inputs ?? []))
    if (before.tokens.some((token) => token.by === decision.at && inputs.has(token.place))) return true
  }
  return false
}
