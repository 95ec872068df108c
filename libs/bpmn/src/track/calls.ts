/**
 * Calls of other processes: where a called process is followed under the same key, its events are folded here as well, so that no instance reads
 * what another has become. A call takes the first of its runs that no call has taken, and is over when that has ended.
 */
import { nameOfCause } from './cause.js'
import type { Fact } from './fact.js'
import type { CalledModels, Fold, FoldContext } from './fold.js'
import type { TokenAt } from './reading.js'
import type { Run } from './run.js'
import type { CallAt } from './waits.js'

/** A run of a called process, as far as a caller needs to know it. */
export interface CalledRun {
  /** Of its instance. */
  readonly id: string
  readonly began: number
  /** Epoch milliseconds; undefined: it goes on. */
  readonly ended: number | undefined
}

/** By process, of those that are followed at that moment. */
export type Calls = ReadonlyMap<string, readonly CalledRun[]>

/** Which instance a call has taken. */
export interface TakenCall {
  readonly element: string
  readonly model: string
  readonly instance: string
  /** Element and cause of the token that waits for it. */
  readonly stay: string
}

/** Under which the labels of a fact in a version of a called process, or the items that it is about there, stand beside those of the caller. */
export function calledLabels(model: string, version: number | string): string {
  return `call:${model}@${version}`
}

/** Whether an event means something in a called process. */
export function saysOfCalled({ labels }: Fact): boolean {
  for (const name in labels) if (name.startsWith('call:')) return true
  return false
}

/** Goes on with a token that is at a call, if what is known of the called process lets it. Answers whether it did. */
export function settleCall(run: Run, token: TokenAt, { element, model, called, returned, passed }: CallAt, arrival: number): boolean {
  const stay = `${element.id}@${nameOfCause(token.cause)}`
  const runs = run.calls.get(model)
  const own = runs?.find(({ id }) => run.taken.get(id)?.stay === stay)
  const free = own ?? runs?.find(({ id, began }) => !run.taken.has(id) && began >= run.first.time - run.model.toleranceMs)
  if (own === undefined && free !== undefined) run.take({ element: element.id, model, instance: free.id, stay })
  if (returned !== undefined) {
    if (free?.ended === undefined) return false
    run.act('call', returned, Math.max(free.ended, run.headTime), arrival, `r:${stay}`)
    return true
  }
  // A call that events are bound to is begun by them, or by what it calls; any other one is waited in, or passed.
  const isWaitedIn = free !== undefined || (runs !== undefined && passed !== undefined)
  const step = isWaitedIn ? called : passed
  if (step === undefined) return false
  run.act(isWaitedIn ? 'call' : 'decide', step, run.headTime, arrival, token.cause)
  return true
}

/** The called processes of one key, each folded over its own events. */
export class CalledFolds {
  readonly #context: FoldContext
  readonly #called: CalledModels
  readonly #begin: (context: FoldContext, model: string) => Fold
  readonly #folds = new Map<string, { readonly fold: Fold; readonly facts: Fact[] }>()

  /** @param begin a fold of another model under the same key */
  constructor(context: FoldContext, called: CalledModels, begin: (context: FoldContext, model: string) => Fold) {
    this.#context = context
    this.#called = called
    this.#begin = begin
  }

  /** Folds an event in each called process that it means something in. */
  observe(fact: Fact): void {
    const labels = new Map<string, Record<string, readonly string[]>>()
    for (const [name, own] of Object.entries(fact.labels)) {
      const found = /^call:(.+)@((?:items:)?\d+)$/.exec(name)
      if (found?.[1] === undefined || found[2] === undefined) continue
      labels.set(found[1], { ...labels.get(found[1]), [found[2]]: own })
    }
    for (const [model, own] of labels) {
      const known = this.#folds.get(model) ?? { fold: this.#beginOf(model), facts: [] }
      this.#folds.set(model, known)
      const projected = { ...fact, labels: own }
      known.facts.push(projected)
      known.fold.fold(projected, known.facts)
    }
  }

  /** Lets go of what can be told again. */
  rest(): void {
    for (const { fold } of this.#folds.values()) fold.rest()
  }

  /** As of an entry. */
  at(models: Iterable<string>, { time, position }: Fact): Calls {
    const calls = new Map<string, readonly CalledRun[]>()
    for (const model of models) {
      if (!this.#called.follows(model, position)) continue
      const fold = this.#folds.get(model)?.fold
      fold?.runs.at(-1)?.fireDue(time)
      calls.set(model, fold === undefined ? [] : fold.runs.map((run, index) => ({
        id: fold.runId(index), began: run.first.time, ended: run.posture.ended || (run.canEnd && run.model.completionMs === 0) ? run.headTime : undefined,
      })))
    }
    return calls
  }

  #beginOf(model: string): Fold {
    return this.#begin({ versionAt: (time) => this.#called.versionAt(model, time), identify: (parts) => this.#context.identify(parts) }, model)
  }
}
