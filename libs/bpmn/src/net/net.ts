/**
 * The net that instances are followed on. A place holds tokens: at the entry of an element, inside an activity that reports its start, or on
 * one incoming flow of a join. A transition moves them. Plain data, compiled once per model version by compile.ts.
 */
import type { Phase, ProcessModel } from '../model.js'

export interface Place {
  /** The element that a token here is shown at; '' for the place that stands for "not begun". */
  readonly element: string
  /**
   * `at`: arrived at the element. `in`: inside it, its start was seen. `scope`: an open sub-process, whose own tokens lie in its inner
   * places. `join`: on one incoming flow of a join. `source`: the process or sub-process has not taken its start yet. `memory`: the element was
   * done and can be undone; nothing waits there. `choice`: the element is done, and what follows is open: which of its conditional flows, or
   * another instance of it. `option`: a flow that may still be taken, or not; nobody is shown there.
   */
  readonly kind: 'at' | 'in' | 'scope' | 'join' | 'source' | 'memory' | 'choice' | 'option'
  /** Of `choice`: what is open is whether another instance of the activity follows. */
  readonly isAgain?: true
  /** Index of the enclosing scope; 0 is the process, -1 the place that says that the process is open. */
  readonly scope: number
}

/** Tokens that go on by themselves, as many as there are: each becomes one on every place of `to`. */
export interface Transfer {
  readonly from: number
  readonly to: readonly number[]
}

/**
 * `observe`: an event says so. `timer`, `command`: we do it ourselves. `silent`: passes without evidence. `guess`: an exception path that
 * nothing is bound to, possible but never free. `call`: a called process has begun, or has ended.
 */
export type TransitionKind = 'observe' | 'timer' | 'command' | 'call' | 'silent' | 'guess'

export interface Transition {
  readonly index: number
  readonly kind: TransitionKind
  readonly element: string
  /** Of `observe` and `call`. */
  readonly phase?: Phase
  /** Places that lose a token. */
  readonly inputs: readonly number[]
  /** Places that must hold a token and keep it: the host of a non-interrupting boundary event. */
  readonly reads: readonly number[]
  readonly outputs: readonly number[]
  /** Places that are emptied: an interrupted sub-process, a terminated scope. */
  readonly clears: readonly number[]
  /** After `clears`, before `outputs`: what was done and is to be undone. */
  readonly transfers?: readonly Transfer[]
  /** What is thrown is thrown at once: no token rests before it, also where another state of the scopes around would have it caught elsewhere. */
  readonly immediate?: boolean
  /** Set: fires only while no token is inside this scope. */
  readonly whenEmpty?: number
  /** Set, of choices: fires only while these places are empty, and nothing is moved to make it so. */
  readonly unless?: readonly number[]
  /**
   * Of an inclusive join: per input, the places from which a token may still get there. It takes a token of each input that has one, as soon as
   * no token elsewhere can get to an input that has none, except by one that can as well get to an input that has (BPMN 2.0.2, table 13.3).
   */
  readonly upstream?: readonly ReadonlySet<number>[]
  /** Possible only where data says so, never found by a search. */
  readonly onlyDecided?: true
  /** Its outputs hold up to this many tokens; absent: as many as places usually do. */
  readonly most?: number
  /** Sequence flows taken, in order. */
  readonly flows: readonly string[]
  /** Of a silent step out of an activity that something waits on (a timer, an SLA): tokens stop before it instead of passing at once. */
  readonly rests: boolean
  /** Of a terminate or uncaught error end: the process is over by decision, not by exhaustion. */
  readonly terminates?: boolean
  /** What is thrown here nothing in this net catches. */
  readonly throws?: true
  /** Of an interrupting timer that leads to a command that is only noted: it moves nothing. */
  readonly notedOnly?: boolean
}

export interface Scope {
  /** '' for the process. */
  readonly element: string
  readonly parent: number
  /** Places inside, those of nested scopes included. */
  readonly inner: readonly number[]
}

export interface Net {
  readonly process: ProcessModel
  readonly places: readonly Place[]
  readonly transitions: readonly Transition[]
  readonly scopes: readonly Scope[]
  /** The place that holds the one token of an instance that has not begun. */
  readonly source: number
  /** Per place: transitions that put a token there; that take one. */
  readonly producers: readonly (readonly number[])[]
  readonly consumers: readonly (readonly number[])[]
  /** Observations by label, see {@link labelOf}. */
  readonly observations: ReadonlyMap<string, readonly number[]>
}

/** Whether a token here is something to look at, and not a matter of the net alone. */
export function isShown(place: Place): boolean {
  return place.kind !== 'source' && place.kind !== 'memory' && place.kind !== 'option' && place.element !== ''
}

/** Every place that a transition may put a token on. */
export function outputsOf(transition: Transition): readonly number[] {
  return transition.transfers === undefined ? transition.outputs : [...transition.outputs, ...transition.transfers.flatMap(({ to }) => to)]
}

/** `element` and `phase` of an observation as one string, the unit of bindings, debts and symbols. */
export function labelOf(element: string, phase: Phase): string {
  return `${element}\u0000${phase}`
}

/** The two halves of {@link labelOf}. */
export function partsOf(label: string): { readonly element: string; readonly phase: Phase } {
  const cut = label.indexOf('\u0000')
  return { element: label.slice(0, cut), phase: label.slice(cut + 1) as Phase }
}
