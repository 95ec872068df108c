import type { Element, SequenceFlow } from '../model.js'

/** A process as it was drawn, before anything is known of its events (bind/ adds that). */
export interface Drawing {
  readonly id: string
  readonly name: string
  readonly documentation?: string
  /** Flow nodes of all nested scopes, in document order, without bindings. */
  readonly elements: readonly Element[]
  readonly flows: readonly SequenceFlow[]
  /** Messages and signals by the element that waits for or sends them: receive and send tasks included. */
  readonly messages: ReadonlyMap<string, readonly { readonly id: string; readonly name: string }[]>
}
