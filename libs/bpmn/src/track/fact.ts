/** What is known of one entry of a unit: all that folding needs, so that a unit can be folded again without the log. */
export interface Fact {
  readonly position: bigint
  readonly kind: 'event' | 'left' | 'settled' | 'operation'
  /** Effective time and append time, epoch milliseconds. */
  readonly time: number
  readonly appendTime: number
  readonly source: string
  readonly id: string
  /** CloudEvents type of an event, else what was left, settled or done. */
  readonly type: string
  readonly sequence?: string
  /** Of events: per model version, the labels it is bound to there, none where it has no place in the model; versions that do not know it are absent. */
  readonly labels: Readonly<Record<string, readonly string[]>>
  /** Of events: variables it sets. Of what left: what it said. */
  readonly patch?: Readonly<Record<string, unknown>>
  /** Of the others: the command concerned, and what is said of it. */
  readonly command?: string
  readonly element?: string
  readonly outcome?: string
  readonly by?: string
  readonly note?: string
}

/**
 * The order in which the entries of a unit are folded: event time, then source, then the source's own sequence, then position. Position decides
 * only within one source, so that the order of arrival across sources changes nothing.
 */
export function compareFacts(a: Fact, b: Fact): number {
  if (a.time !== b.time) return a.time - b.time
  if (a.source !== b.source) return a.source < b.source ? -1 : 1
  if (a.sequence !== undefined && b.sequence !== undefined) {
    if (a.sequence !== b.sequence) return a.sequence < b.sequence ? -1 : 1
  } else if (a.sequence !== undefined || b.sequence !== undefined) {
    return a.sequence === undefined ? -1 : 1
  }
  return a.position < b.position ? -1 : a.position > b.position ? 1 : 0
}
