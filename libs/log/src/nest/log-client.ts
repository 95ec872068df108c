import type { ReadPacket } from '@nestjs/microservices'
import { ClientProxy } from '@nestjs/microservices'
import type { Log } from '../log.js'
import { LogError } from '../log.js'
import { subjectFor } from '../subjects.js'
import { cloudEventOf, type CloudEvent } from './event-record.js'
import { HttpSender, type HttpSenderOptions } from './http-sender.js'

export interface LogClientOptions {
  /** Where events go: a log that stays open when the client closes, how to open one, or a tracker's address. */
  readonly to: Log | (() => Promise<Log>) | HttpSenderOptions
  /** Who says the events: `/payment`. With the id it names an event. */
  readonly source: string
  /** Epoch milliseconds, the time of events that bring none. Default: the machine's. */
  readonly clock?: () => number
}

/** Takes events and resolves once they are durable. */
interface Way {
  send(event: CloudEvent): Promise<void>
  close(): Promise<void>
}

/**
 * Emits CloudEvents: `client.emit('payment.received', data)`, or an EventRecord where the event has a subject, a time or an id of its own. The
 * observable gives the event as it was sent, once it is on disk, and fails where it is not. There are no answers, so `send` fails.
 */
export class LogClient extends ClientProxy {
  readonly #options: LogClientOptions
  #way: Promise<Way> | undefined

  constructor(options: LogClientOptions) {
    super()
    if (options.source === '') throw new LogError('invalid', 'A client needs a source: the URI that its events are said by.')
    this.#options = options
  }

  connect(): Promise<void> {
    this.#way ??= openWay(this.#options.to).catch((error: unknown) => {
      this.#way = undefined
      throw error
    })
    return this.#way.then(() => undefined)
  }

  /** Waits for what is on its way. */
  async close(): Promise<void> {
    const way = await this.#way?.catch(() => undefined)
    this.#way = undefined
    await way?.close()
  }

  unwrap<T>(): T {
    return this.#options.to as T
  }

  protected override async dispatchEvent<T>({ pattern, data }: ReadPacket): Promise<T> {
    const event = cloudEventOf(pattern, data, this.#options.source, this.#options.clock ?? Date.now)
    await (await this.#way!).send(event)
    return event as T
  }

  protected override publish({ pattern }: ReadPacket, callback: (packet: { err: Error }) => void): () => void {
    callback({ err: new LogError('invalid', `send('${String(pattern)}') waits for an answer, which a log cannot give: use emit.`) })
    return () => undefined
  }
}

async function openWay(to: LogClientOptions['to']): Promise<Way> {
  if (typeof to === 'function') {
    const log = await to()
    return { send: (event) => append(log, event), close: () => log.close() }
  }
  return 'append' in to ? { send: (event) => append(to, event), close: async () => undefined } : new HttpSender(to)
}

async function append(log: Log, event: CloudEvent): Promise<void> {
  const time = Date.parse(event.time ?? '')
  await log.append([{
    kind: 'event', subject: subjectFor('event', event.type), key: `${event.source}\0${event.id}`, payload: Buffer.from(JSON.stringify(event)),
    ...(Number.isSafeInteger(time) ? { time } : {}),
  }])
}
