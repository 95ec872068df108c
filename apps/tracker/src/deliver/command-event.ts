/** The part of a command that its service gets to see. */
export interface SentCommand {
  /** The idempotency key. */
  readonly id: string
  readonly type: string
  readonly key: string
  /** Epoch milliseconds. */
  readonly decided_at: string
  readonly data: unknown
}

/**
 * A command as the CloudEvent that its service gets: the same bytes in every attempt and over every way, so that a service can tell that it
 * has seen it by `id` alone. What it emits in answer should carry that id as `causationid`.
 */
export function commandEvent(command: SentCommand): Record<string, unknown> {
  return {
    specversion: '1.0',
    id: command.id,
    source: '/tidemark',
    type: command.type,
    subject: command.key,
    time: new Date(Number(command.decided_at)).toISOString(),
    datacontenttype: 'application/json',
    correlationid: command.key,
    data: command.data,
  }
}
