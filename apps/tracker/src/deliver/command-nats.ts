import { jetstream } from '@nats-io/jetstream'
import type { JetStreamClient } from '@nats-io/jetstream'
import { subjectFor } from '@tidemark/log'
import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Outcome } from './attempt.js'
import type { CommandWay } from './command-outbox.js'

/** Of a JetStream acknowledgement, and of a service's reply. */
const TIMEOUT_MS = 5_000

/**
 * Commands over NATS, on `command.<service>.<type>`. Where a stream holds the subject, its acknowledgement means delivered (Nats-Msg-Id lets it
 * drop repetitions). Where none does, the service must reply to the request: a plain publish tells nobody whether anyone heard it.
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
      return await throughStream(jetstream(connection, { timeout: TIMEOUT_MS }), subject, id, body) ?? await byRequest(connection, subject, body)
    } catch (error) {
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

/** Undefined: no stream holds the subject. */
async function throughStream(client: JetStreamClient, subject: string, id: string, body: string): Promise<Outcome | undefined> {
  try {
    await client.publish(subject, body, { msgID: id, timeout: TIMEOUT_MS })
    return { kind: 'delivered' }
  } catch (error) {
    if (isNobodyThere(error)) return undefined
    throw error
  }
}

async function byRequest(connection: NatsConnection, subject: string, body: string): Promise<Outcome> {
  try {
    await connection.request(subject, body, { timeout: TIMEOUT_MS })
    return { kind: 'delivered' }
  } catch (error) {
    if (isNobodyThere(error)) return { kind: 'retry', error: `Nobody listens on ${subject}, and no stream holds it.` }
    throw error
  }
}

function isNobodyThere(error: unknown): boolean {
  const names = [error, (error as Error).cause].map((one) => one instanceof Error ? `${one.name} ${one.message}` : '')
  return names.some((text) => /no ?responders|stream not found|JetStreamNotEnabled|jetstream is not enabled/i.test(text))
}
