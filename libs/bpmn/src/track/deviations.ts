/** Where reality and model differ, named on the cheapest explanation. One cause is one deviation. */
import { labelOf, partsOf, type Net, type Transition } from '../net/net.js'
import type { Move } from './belief.js'
import { handlersOutOfOrder } from './compensation-order.js'
import type { Fact } from './fact.js'
import { overtakenBy } from './overtaken.js'
import type { Run } from './run.js'
import type { Story } from './story.js'
import { itemName } from './tracked-items.js'
import type { TrackedModel } from './tracked-model.js'
import { settledUpTo, type TrailStep } from './trail.js'

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
  /** The item concerned, of what is followed item by item. */
  readonly item?: string
}

interface Draft {
  readonly kind: DeviationKind
  readonly elements: readonly string[]
  /** Labels still owed, of skipped steps. */
  readonly owed: readonly string[]
  readonly at: number
  readonly arrival: number
  /** The event that overrules a timer or a decision has not come yet: it is that event's arrival which counts. */
  readonly awaits: boolean
  readonly step: number
  readonly fact: Fact | undefined
}

/** What a story has found so far. Persistent: a story that goes on another way leaves it as it was. */
export interface Drafts {
  readonly found: readonly Draft[]
  /** Index of the group of stray events that the next one may belong to, -1 where there is none. */
  readonly strays: number
  /** An event has fitted. */
  readonly began: boolean
}

export const NO_DRAFTS: Drafts = { found: [], strays: -1, began: false }
export const BEGAN: Drafts = { found: [], strays: -1, began: true }

/** The deviations of the run and of its items as they stand, in the order of time. */
export function deviationsOf(run: Run): readonly Deviation[] {
  const own = ownDeviations(run)
  if (run.items === undefined) return own
  const inside = run.items.all.flatMap(({ key, run: item }) => deviationsOf(item).map((deviation) => ({ ...deviation, item: itemName(key, deviation.item) })))
  return inside.length === 0 ? own : [...own, ...inside].sort((a, b) => a.at - b.at)
}

/** Those of the run itself and of what it is an item of; what other items have done is not its concern. */
export function deviationsAround(run: Run): readonly Deviation[] {
  return run.host === undefined ? ownDeviations(run) : [...ownDeviations(run), ...deviationsAround(run.host)]
}

function ownDeviations(run: Run): readonly Deviation[] {
  const { found: told } = run.story.drafts
  const early = handlersOutOfOrder(run)
  const found = early.length === 0 ? told : [...told, ...early.map(({ element, step }) => draftOf(step, 'outOfOrder', [element]))]
  if (found.length === 0) return NONE
  const settled = settledUpTo(run.head, found.reduce((least, draft) => Math.min(least, draft.step), Infinity))
  return found.flatMap((draft) => (draft.elements.length === 0 ? [] : [finish(run, draft, draft.step > settled)]))
}

const NONE: readonly Deviation[] = []

/**
 * What one more step adds to what its story has found.
 * @param story before the step
 */
export function noteDeviations(model: TrackedModel, story: Story, step: TrailStep, move: Move): Drafts {
  if (step.kind !== 'event') {
    if (move.how !== 'contrary') return story.drafts
    const kind = step.kind === 'timer' ? 'timerOverruled' : 'decisionMismatch'
    // It is the next event that says so.
    return { ...story.drafts, found: [...story.drafts.found, { ...draftOf(step, kind, [step.transition?.element ?? '']), awaits: true }] }
  }
  const drafts = story.drafts.found.length === 0 ? story.drafts : arrived(story.drafts, step.arrival)
  switch (move.how) {
    case 'sync':
      return noteStep(model, drafts, step, move)
    case 'redeem':
      return move.label === undefined ? drafts : redeem(model, drafts, move.label, step)
    case 'log':
      return noteStray(model, drafts, step, move, story)
    default:
      return drafts
  }
}

function draftOf(step: TrailStep, kind: DeviationKind, elements: readonly string[], owed: readonly string[] = []): Draft {
  return { kind, elements, owed, at: step.time, arrival: step.arrival, awaits: false, step: step.index, fact: step.fact }
}

function arrived(drafts: Drafts, arrival: number): Drafts {
  if (!drafts.found.some((draft) => draft.awaits)) return drafts
  return { ...drafts, found: drafts.found.map((draft) => (draft.awaits ? { ...draft, arrival, awaits: false } : draft)) }
}

function noteStep(model: TrackedModel, drafts: Drafts, step: TrailStep, move: Move): Drafts {
  // What must have come before what a person says is no deviation: they know.
  const owed = step.fact?.kind === 'operation' ? NO_LABELS : skippedBy(model, move)
  const outcome = model.hasUnwanted ? unwantedEnd(model, move) : undefined
  if (owed.length === 0 && outcome === undefined) {
    return drafts.found.length === 0 ? BEGAN : drafts.began && drafts.strays < 0 ? drafts : { found: drafts.found, strays: -1, began: true }
  }
  const found = [...drafts.found]
  if (owed.length > 0) found.push(draftOf(step, drafts.began || !skipsStart(model, move) ? 'skipped' : 'missingStart', elementsOf(owed), owed))
  if (outcome !== undefined) found.push(draftOf(step, 'wrongOutcome', [outcome]))
  return { found, strays: -1, began: true }
}

const NO_LABELS: readonly string[] = []

/** Labels of the observed steps that a move passed without their event. */
function skippedBy({ net }: TrackedModel, move: Move): readonly string[] {
  let skipped: string[] | undefined
  for (let at = 0; at < move.main; at++) {
    const transition = net.transitions[move.fired[at] ?? -1]
    if (transition?.kind !== 'observe' || transition.phase === undefined) continue
    skipped ??= []
    skipped.push(`${transition.element}\u0000${transition.phase}`)
  }
  return skipped ?? NO_LABELS
}

function skipsStart({ net }: TrackedModel, move: Move): boolean {
  return move.fired.slice(0, move.main).some((index) => net.transitions[index]?.kind === 'observe' && net.transitions[index]?.inputs.includes(net.source))
}

/** Where the move ends at an end that the model does not want: the last element it passed. */
function unwantedEnd({ net, elements }: TrackedModel, move: Move): string | undefined {
  const ends = move.fired.slice(move.main).some((index) => elements.get(net.transitions[index]?.element ?? '')?.unwanted === true)
  return ends ? (net.transitions[move.fired.at(-1) ?? -1]?.element ?? '') : undefined
}

/** A late event pays back a skipped step. Within the tolerance it was clock skew, and nothing is said of it. */
function redeem(model: TrackedModel, drafts: Drafts, label: string, step: TrailStep): Drafts {
  // Of several ways of which one was passed unseen, it may be another than the one that was thought of.
  const element = step.symbol?.labels.includes(label) === true ? partsOf(label).element : elementOf(step)
  const at = drafts.found.findIndex((draft) => draft.owed.includes(label))
  const owing = drafts.found[at]
  if (owing === undefined) return withStray(drafts, step, 'outOfOrder', element)
  const paid = owing.owed.indexOf(label)
  const owed = owing.owed.filter((_, index) => index !== paid)
  const settled = { ...drafts, found: drafts.found.with(at, { ...owing, owed, elements: elementsOf(owed) }) }
  return isSkew(model, { time: owing.at, fact: owing.fact }, step) ? { ...settled, strays: -1 } : withStray(settled, step, 'outOfOrder', element)
}

/** So little later that it is a matter of the clocks. */
function isSkew({ toleranceMs }: TrackedModel, first: Pick<TrailStep, 'time' | 'fact'>, late: TrailStep): boolean {
  return toleranceMs > 0 && late.time - first.time <= toleranceMs && !numberedByOneSource(first.fact, late.fact)
}

/** A step that reports start and end and was passed without either is one step. */
function elementsOf(labels: readonly string[]): string[] {
  return [...new Set(labels.map((label) => partsOf(label).element))]
}

/** A source that numbers its events says their order itself: there is no skew between two events of it. */
function numberedByOneSource(a: Fact | undefined, b: Fact | undefined): boolean {
  return a?.sequence !== undefined && b?.sequence !== undefined && a.source === b.source
}

function noteStray(model: TrackedModel, drafts: Drafts, step: TrailStep, move: Move, story: Story): Drafts {
  const kind = strayKind(model, story, step, move.from)
  const before = kind === 'unexpected' ? overtakenBy(model, step, move.from) : undefined
  if (before === undefined) return withStray(drafts, step, kind, elementOf(step))
  // With it in its place nothing was skipped there.
  const found = drafts.found.map((draft) => (draft.kind === 'skipped' && draft.step >= before.index ? { ...draft, owed: [], elements: [] } : draft))
  return isSkew(model, before, step) ? { ...drafts, found } : withStray({ ...drafts, found }, step, 'outOfOrder', elementOf(step))
}

/** Deviations of one kind without an event between them that fits are one. */
function withStray(drafts: Drafts, step: TrailStep, kind: DeviationKind, element: string): Drafts {
  const open = drafts.found[drafts.strays]
  if (open === undefined || (open.kind !== kind && !(open.kind === 'rework' && kind === 'repeated'))) {
    return { found: [...drafts.found, draftOf(step, kind, [element])], strays: drafts.found.length, began: drafts.began }
  }
  // Start and end of one activity that both come late are one step.
  const elements = kind === 'outOfOrder' && open.elements.includes(element) ? open.elements : [...open.elements, element]
  const grown = { ...open, elements, kind: open.kind === 'repeated' && new Set(elements).size > 1 ? 'rework' as const : open.kind }
  return { found: drafts.found.with(drafts.strays, grown), strays: drafts.strays, began: drafts.began }
}

/** By the story before it, which a stray event leaves as it was. */
function strayKind(model: TrackedModel, story: Story, step: TrailStep, hypothesis: number): DeviationKind {
  if (step.repeated) return 'repeated'
  if (story.tokens.length === 0) return story.terminated ? 'afterCancel' : 'afterEnd'
  const named = elementOf(step)
  const element = model.elements.get(model.itemsAround(named)?.id ?? named)
  if (element === undefined) return 'unexpected'
  const past = [...firedUpTo(model, step.before, hypothesis)]
  // A handler that waits for nothing was never asked: what was cancelled around it is not its cause.
  if (element.isForCompensation !== true && wasCancelled(model, past, element.id)) return 'afterCancel'
  const race = model.process.elements.find((candidate) => candidate.kind === 'eventBasedGateway'
    && candidate.outgoing.some((flow) => element.incoming.includes(flow)))
  if (race !== undefined && wasDecided(model, past, race.id)) return 'raceLost'
  return 'unexpected'
}

/** Of an event that has no place in the model, its type. */
function elementOf({ symbol, fact }: TrailStep): string {
  const label = symbol?.labels[0]
  return label === undefined ? (fact?.type ?? '') : partsOf(label).element
}

/** The last that happened to the element, or to the sub-process around it, took it away. */
function wasCancelled({ net }: TrackedModel, past: readonly Transition[], id: string): boolean {
  const isOwn = (place: number) => net.places[place]?.element === id
  for (const transition of past) {
    if (transition.element === id) return false
    if (transition.clears.some(isOwn) || (transition.kind !== 'silent' && transition.inputs.some(isOwn))) return true
    // The sub-process around it was opened here, and nothing has taken it away since.
    if (transition.outputs.some((place) => opensAround(net, place, isOwn))) return false
  }
  return false
}

function opensAround(net: Net, opened: number, isOwn: (place: number) => boolean): boolean {
  const place = net.places[opened]
  if (place?.kind === 'source') return net.scopes[place.scope]?.inner.some(isOwn) === true
  return place?.kind === 'scope' && net.scopes.find((scope) => scope.element === place.element)?.inner.some(isOwn) === true
}

/** Another event of the race has won it. */
function wasDecided({ net }: TrackedModel, past: readonly Transition[], race: string): boolean {
  return past.some((transition) => transition.inputs.some((place) => net.places[place]?.element === race))
}

/** Transitions that the story of a hypothesis has fired, the newest first. */
export function* firedUpTo(model: TrackedModel, at: TrailStep | undefined, hypothesis: number): Iterable<Transition> {
  const { transitions } = model.net
  for (let step = at; step !== undefined; step = step.before) {
    const move = step.step.moves[hypothesis]
    if (move === undefined) return
    for (const index of move.fired.toReversed()) yield transitions[index] as Transition
    hypothesis = move.from
  }
  for (const index of model.initialMove.fired.toReversed()) yield transitions[index] as Transition
}

function finish(run: Run, draft: Draft, provisional: boolean): Deviation {
  // Rework is shown where it came to an end, all else where it began.
  const { elements, item } = concerned(run, draft)
  const element = (draft.kind === 'rework' ? elements.at(-1) : elements[0]) ?? ''
  const accepted = [...run.model.process.accepted, ...run.accepted].some((rule) => rule.kind === draft.kind && (rule.element === undefined || elements.includes(rule.element)))
  return {
    kind: draft.kind, element, elements, at: draft.at, arrival: draft.arrival, count: elements.length, provisional, accepted, ...(item === undefined ? {} : { item }),
  }
}

/** Where it was gone on although items were still at work, it is what those have not done. */
function concerned(run: Run, { kind, elements, owed }: Draft): { readonly elements: readonly string[]; readonly item?: string | undefined } {
  const { itemsAt } = run.model
  if (kind !== 'skipped' || itemsAt.size === 0) return { elements }
  const left = elements.filter((element) => itemsAt.has(element) && !owed.includes(labelOf(element, 'start')))
  const undone = left.map((element) => run.items?.undone(element)).filter((found) => found !== undefined && found.elements.length > 0)
  if (undone.length === 0) return { elements }
  const all = elements.flatMap((element) => {
    const found = left.includes(element) ? (run.items?.undone(element).elements ?? []) : []
    return found.length > 0 ? found : [element]
  })
  return { elements: all, item: undone.length === 1 ? undone[0]?.item : undefined }
}
