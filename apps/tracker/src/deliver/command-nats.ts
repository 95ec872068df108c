import { subjectFor } from '@tidemark/log'
import { connect, headers } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Outcome } from './attempt.js'
import type { CommandWay } from './command-outbox.js'

/** Of a JetStream acknowledgement, and of a service's reply. */
const TIMEOUT_MS = 5_000

/**
 * Commands over NATS, as requests on `command.<service>.<type>`: a plain publish tells nobody whether anyone heard it. Where a stream holds the
 * subject, JetStream acknowledges (Nats-Msg-Id lets it drop repetitions); where none does, the service must reply. Either means delivered, a
 * reply that says `error` does not.
 */
export class CommandsOverNats implements CommandWay {
  readonly name = 'nats'
  #connecting: Promise<NatsConnection> | undefined

  constructor(private readonly url: string) {}

  send({ id, target, type }: Parameters<CommandWay['send']>[0], body: string): Promise<Outcome> | undefined {
    return target === null ? undefined : this.#send(subjectFor('command', `${target}.${type}`), id, body)
  }

  async close(): Promise<void> {
    const connection = await this.#connecting?.catch(() => undefined)
    await connection?.close()
  }

  async #send(subject: string, id: string, body: string): Promise<Outcome> {
    try {
      const connection = await this.#connect()
      const named = headers()
      named.set('Nats-Msg-Id', id)
      named.set('content-type', 'application/cloudevents+json')
      const reply = await connection.request(subject, body, { timeout: TIMEOUT_MS, headers: named })
      return judgeReply(reply.string())
    } catch (error) {
      if (isNobodyThere(error)) return { kind: 'retry', error: `Nobody listens on ${subject}, and no stream holds it.` }
      return { kind: 'retry', error: `NATS did not take it: ${(error as Error).message}` }
    }
  }

  /** Once; the client reconnects by itself for ever. A first connection that fails is tried anew by the next attempt. */
  #connect(): Promise<NatsConnection> {
    this.#connecting ??= connect({ servers: this.url, name: 'tidemark commands', maxReconnectAttempts: -1 }).catch((error: unknown) => {
      this.#connecting = undefined
      throw error
    })
    return this.#connecting
  }
}

function judgeReply(text: string): Outcome {
  const error = errorOf(text)
  return error === undefined ? { kind: 'delivered' } : { kind: 'retry', error: `The answer over NATS was an error: ${JSON.stringify(error)}` }
}

/** JetStream and services that answer in JSON say it alike; any other reply only says that somebody has it. */
function errorOf(text: string): unknown {
  try {
    const reply: unknown = JSON.parse(text)
    return typeof reply === 'object' && reply !== null ? (reply as { error?: unknown }).error : undefined
  } catch {
    return undefined
  }
}

function isNobodyThere(error: unknown): boolean {
  const names = [error, (error as Error).cause].map((one) => one instanceof Error ? `${one.name} ${one.message}` : '')
  return names.some((text) => /no ?responders/i.test(text))
}
