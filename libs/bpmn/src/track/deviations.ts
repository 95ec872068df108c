/** Where reality and model differ, named on the cheapest explanation. One cause is one deviation. */
import { partsOf } from '../net/net.js'
import type { Move } from './belief.js'
import type { ReadingState } from './reading.js'
import type { Run, TrailStep } from './run.js'

/** A closed set: libs/api and docs/ERRORS.md list the same. */
export type DeviationKind =
  | 'skipped' | 'outOfOrder' | 'unexpected' | 'repeated' | 'rework' | 'raceLost' | 'afterCancel' | 'afterEnd' | 'missingStart'
  | 'decisionMismatch' | 'timerOverruled' | 'wrongOutcome'

export interface Deviation {
  readonly kind: DeviationKind
  /** The first element concerned, and all of them. */
  readonly element: string
  readonly elements: readonly string[]
  /** Time of the event or step that showed it, epoch milliseconds. */
  readonly at: number
  /** Append time of the entry that showed it. */
  readonly arrival: number
  readonly count: number
  /** Another explanation that is still kept does without it. */
  readonly provisional: boolean
  /** The model says that this is normal here. */
  readonly accepted: boolean
}

interface Draft {
  kind: DeviationKind
  elements: string[]
  /** Labels still owed, of skipped steps. */
  owed: string[]
  at: number
  arrival: number
  step: number
}

export function deviationsOf(run: Run): readonly Deviation[] {
  const chosen = run.chosen()
  const found: Draft[] = []
  let strays: Draft | undefined
  let began = false
  run.trail.forEach((step, at) => {
    const move = step.step.moves[chosen[at] ?? 0]
    if (move === undefined) return
    const draft = (kind: DeviationKind, elements: string[], owed: string[] = []): Draft => ({
      kind, elements, owed, at: step.time, arrival: step.arrival, step: at,
    })
    if (move.how === 'contrary') {
      // It is the next event that says so.
      const arrival = run.trail.slice(at).find((later) => later.kind === 'event')?.arrival ?? step.arrival
      found.push({ ...draft(step.kind === 'timer' ? 'timerOverruled' : 'decisionMismatch', [step.transition?.element ?? '']), arrival })
    }
    if (step.kind !== 'event') return
    if (move.how === 'sync') {
      const owed = skippedBy(run, move)
      if (owed.length > 0) found.push(draft(began || !skipsStart(run, move) ? 'skipped' : 'missingStart', elementsOf(owed), owed))
      if (endsUnwanted(run, move)) found.push(draft('wrongOutcome', [run.model.net.transitions[move.fired.at(-1) ?? -1]?.element ?? '']))
      strays = undefined
      began = true
    }
    if (move.how === 'redeem' && move.label !== undefined) {
      redeem(run, found, move.label, step, at)
      strays = undefined
    }
    if (move.how === 'log') {
      const element = elementOf(step)
      const kind = strayKind(run, step, at, chosen)
      if (strays !== undefined && (strays.kind === kind || (strays.kind === 'rework' && kind === 'repeated'))) {
        strays.elements.push(element)
        if (strays.kind === 'repeated' && new Set(strays.elements).size > 1) strays.kind = 'rework'
      } else {
        strays = draft(kind, [element])
        found.push(strays)
      }
    }
  })
  if (found.length === 0) return []
  const settled = settledUpTo(run)
  return found.filter((draft) => draft.elements.length > 0).map((draft) => finish(run, draft, draft.step > settled))
}

/** Labels of the observed steps that a move passed without their event. */
export function skippedBy(run: Run, move: Move): string[] {
  if (move.main <= 0) return []
  return move.fired.slice(0, move.main).flatMap((index) => {
    const transition = run.model.net.transitions[index]
    return transition?.kind === 'observe' && transition.phase !== undefined ? [`${transition.element}\u0000${transition.phase}`] : []
  })
}

function skipsStart(run: Run, move: Move): boolean {
  const { net } = run.model
  return move.fired.slice(0, move.main).some((index) => net.transitions[index]?.kind === 'observe' && net.transitions[index]?.inputs.includes(net.source))
}

function endsUnwanted(run: Run, move: Move): boolean {
  return move.fired.slice(move.main).some((index) => run.model.elements.get(run.model.net.transitions[index]?.element ?? '')?.unwanted === true)
}

/** A late event pays back a skipped step. Within the tolerance it was clock skew, and nothing is said of it. */
function redeem(run: Run, found: Draft[], label: string, step: TrailStep, at: number): void {
  const owing = found.find((draft) => draft.owed.includes(label))
  const { element } = partsOf(label)
  if (owing !== undefined) {
    owing.owed.splice(owing.owed.indexOf(label), 1)
    owing.elements = elementsOf(owing.owed)
    const withinTolerance = run.model.toleranceMs > 0 && step.time - owing.at <= run.model.toleranceMs
    if (withinTolerance && !numberedByOneSource(run.trail[owing.step], step)) return
  }
  found.push({ kind: 'outOfOrder', elements: [element], owed: [], at: step.time, arrival: step.arrival, step: at })
}

/** A step that reports start and end and was passed without either is one step. */
function elementsOf(labels: readonly string[]): string[] {
  return [...new Set(labels.map((label) => partsOf(label).element))]
}

/** A source that numbers its events says their order itself: there is no skew between two events of it. */
function numberedByOneSource(a: TrailStep | undefined, b: TrailStep): boolean {
  return a?.fact?.sequence !== undefined && b.fact?.sequence !== undefined && a.fact.source === b.fact.source
}

function strayKind(run: Run, step: TrailStep, at: number, chosen: readonly number[]): DeviationKind {
  if (step.repeated) return 'repeated'
  const story = run.storyAt(at, chosen[at] ?? 0)
  if (story.tokens.length === 0) return story.terminated ? 'afterCancel' : 'afterEnd'
  const element = run.model.elements.get(elementOf(step))
  if (element === undefined) return 'unexpected'
  if (wasCancelled(run, story, element.id)) return 'afterCancel'
  const race = run.model.process.elements.find((candidate) => candidate.kind === 'eventBasedGateway'
    && candidate.outgoing.some((flow) => element.incoming.includes(flow)))
  if (race !== undefined && wasDecided(run, story, race.id)) return 'raceLost'
  return 'unexpected'
}

/** Of an event that has no place in the model, its type. */
function elementOf({ symbol, fact }: TrailStep): string {
  return symbol ? partsOf(symbol).element : (fact?.type ?? '')
}

/** The last that happened to the element, or to the sub-process around it, took it away. */
function wasCancelled(run: Run, story: ReadingState, id: string): boolean {
  const { net } = run.model
  const isOwn = (place: number) => net.places[place]?.element === id
  for (let link = story.fired; link !== undefined; link = link.before) {
    const transition = net.transitions[link.item]
    if (transition === undefined) continue
    if (transition.element === id) return false
    if (transition.clears.some(isOwn) || (transition.kind !== 'silent' && transition.inputs.some(isOwn))) return true
    // The sub-process around it was opened here, and nothing has taken it away since.
    if (transition.outputs.some((place) => net.places[place]?.kind === 'source' && net.scopes[net.places[place].scope]?.inner.some(isOwn) === true)) return false
  }
  return false
}

/** Another event of the race has won it. */
function wasDecided(run: Run, story: ReadingState, race: string): boolean {
  const { net } = run.model
  for (let link = story.fired; link !== undefined; link = link.before) {
    if (net.transitions[link.item]?.inputs.some((place) => net.places[place]?.element === race) === true) return true
  }
  return false
}

/** The last step at which all explanations that are still kept agree on what happened before. */
function settledUpTo(run: Run): number {
  let alive = new Set(run.belief.hypotheses.map((_, index) => index))
  for (let at = run.trail.length - 1; at >= 0; at--) {
    if (alive.size === 1) return at
    const before = new Set<number>()
    for (const index of alive) before.add(run.trail[at]?.step.moves[index]?.from ?? 0)
    alive = before
  }
  return -1
}

function finish(run: Run, draft: Draft, provisional: boolean): Deviation {
  // Rework is shown where it came to an end, all else where it began.
  const element = (draft.kind === 'rework' ? draft.elements.at(-1) : draft.elements[0]) ?? ''
  const accepted = run.model.process.accepted.some((rule) => rule.kind === draft.kind && (rule.element === undefined || draft.elements.includes(rule.element)))
  return { kind: draft.kind, element, elements: draft.elements, at: draft.at, arrival: draft.arrival, count: draft.elements.length, provisional, accepted }
}
