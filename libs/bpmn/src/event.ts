/** What following needs of a CloudEvent. Times are epoch milliseconds. */
export interface DomainEvent {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject?: string
  /** Effective time: fixed when the entry was appended. */
  readonly time: number
  /** Orders events of one source with equal times, compared as strings. */
  readonly sequence?: string
  readonly data?: unknown
  /** Extension attributes by name, e.g. `correlationid`. */
  readonly extensions?: Readonly<Record<string, unknown>>
}
