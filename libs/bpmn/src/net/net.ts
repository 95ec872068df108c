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
   * places. `join`: on one incoming flow of a join. `source`: the process or sub-process has not taken its start yet.
   */
  readonly kind: 'at' | 'in' | 'scope' | 'join' | 'source'
  /** Index of the enclosing scope; 0 is the process. */
  readonly scope: number
}

/**
 * `observe`: an event says so. `timer`, `command`: we do it ourselves. `silent`: passes without evidence. `guess`: an exception path that
 * nothing is bound to, possible but never free.
 */
export type TransitionKind = 'observe' | 'timer' | 'command' | 'silent' | 'guess'

export interface Transition {
  readonly index: number
  readonly kind: TransitionKind
  readonly element: string
  /** Of `observe`. */
  readonly phase?: Phase
  /** Places that lose a token. */
  readonly inputs: readonly number[]
  /** Places that must hold a token and keep it: the host of a non-interrupting boundary event. */
  readonly reads: readonly number[]
  readonly outputs: readonly number[]
  /** Places that are emptied: an interrupted sub-process, a terminated scope. */
  readonly clears: readonly number[]
  /** Set: fires only while no token is inside this scope. */
  readonly whenEmpty?: number
  /** Sequence flows taken, in order. */
  readonly flows: readonly string[]
  /** Of a silent step out of an activity that something waits on (a timer, an SLA): tokens stop before it instead of passing at once. */
  readonly rests: boolean
  /** Of a terminate or uncaught error end: the process is over by decision, not by exhaustion. */
  readonly terminates?: boolean
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

/** `element` and `phase` of an observation as one string, the unit of bindings, debts and symbols. */
export function labelOf(element: string, phase: Phase): string {
  return `${element}\u0000${phase}`
}

/** The two halves of {@link labelOf}. */
export function partsOf(label: string): { readonly element: string; readonly phase: Phase } {
  const cut = label.indexOf('\u0000')
  return { element: label.slice(0, cut), phase: label.slice(cut + 1) as Phase }
}
