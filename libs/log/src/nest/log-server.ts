/**
 * A transport for Nest microservices that follows a log. Handlers with `@EventPattern('order.*')` get events whose type matches, one after the
 * other in the order of the log: the next is read when the one before has been handled (back-pressure). The position is kept in the log under the
 * consumer's name, once a batch, behind what was handled: at least once. A handler that fails is tried again, each time after a longer wait, and
 * holds up what is behind it, until it succeeds or `maxAttempts` hands the event to `onGivenUp`.
 *
 * States: reading; waiting after a fault of the log, which is then opened again where this server opened it; closed. Nothing else ends it.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { CustomTransportStrategy, MessageHandler } from '@nestjs/microservices'
import { Server } from '@nestjs/microservices'
import { lastValueFrom } from 'rxjs'
import type { Entry, Log, Position } from '../log.js'
import { LogError } from '../log.js'
import { matchSubjects } from '../subjects.js'
import { LogContext } from './log-context.js'
import type { CloudEvent } from './event-record.js'

export interface LogServerOptions {
  /** A log that stays open when the server closes, or how to open one, which is closed with it. */
  readonly log: Log | (() => Promise<Log>)
  /** Names the position. One process at a time reads under one name. */
  readonly consumer: string
  /** Where a consumer begins that the log does not know yet. Default `earliest`. */
  readonly from?: 'earliest' | 'latest'
  /** Events that are read at once, and handled again at most after a crash. Default 100. */
  readonly batchSize?: number
  /** Waits between attempts, doubled from the first to the longest. Default 100 ms and 30 s. */
  readonly firstRetryMs?: number
  readonly longestRetryMs?: number
  /** Default: as often as it takes. */
  readonly maxAttempts?: number
  /** Keeps what a handler could not handle in `maxAttempts`; when it has resolved, the event counts as handled. */
  readonly onGivenUp?: (context: LogContext, error: unknown) => Promise<void>
}

const DEFAULT_BATCH = 100
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 30_000
/** How often a position is kept that only moved over events of others. */
const IDLE_SAVE_ENTRIES = 10_000
/** The subjects of events: `event.` and the type. */
const PREFIX = 'event'

interface Listener {
  readonly pattern: string
  readonly matches: (subject: string) => boolean
  readonly handler: MessageHandler
}

type Events = { error: (error: unknown) => void }

export class LogServer extends Server<Events, 'connected' | 'disconnected'> implements CustomTransportStrategy {
  /** Faults of handlers come back to us, and are told once. */
  override readonly propagatesEventHandlerErrors = true
  readonly #options: LogServerOptions
  readonly #stopping = new AbortController()
  readonly #errorListeners: Events['error'][] = []
  #log: Log | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(options: LogServerOptions) {
    super()
    if (options.consumer === '') throw new LogError('invalid', 'A consumer needs a name: its position is kept under it.')
    if (options.maxAttempts !== undefined && options.onGivenUp === undefined) {
      throw new LogError('invalid', 'maxAttempts needs onGivenUp: who gives up must say where the event goes.')
    }
    this.#options = options
  }

  /** Calls back once the log is open and its position known, or with what keeps it from that. */
  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      const listeners = this.#listeners()
      const from = await this.#begin()
      this.#running = this.#run(listeners, from)
      callback()
    } catch (error) {
      callback(error)
    }
  }

  /** Waits for the event that is being handled, and keeps the position. */
  async close(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    if (typeof this.#options.log === 'function') await this.#log?.close()
  }

  on<Name extends keyof Events>(_name: Name, listener: Events[Name]): void {
    this.#errorListeners.push(listener)
  }

  /** The log. */
  unwrap<T>(): T {
    if (this.#log === undefined) throw new LogError('closed', 'The log is not open: listen first.')
    return this.#log as T
  }

  #listeners(): readonly Listener[] {
    return [...this.messageHandlers].map(([pattern, handler]) => {
      if (handler.isEventHandler !== true) {
        throw new LogError('invalid', `'${pattern}' asks for an answer (@MessagePattern), which a log cannot give: use @EventPattern.`)
      }
      return { pattern, handler, matches: matchSubjects([`${PREFIX}.${pattern}`]) }
    })
  }

  /** The log and the first position to read. */
  async #begin(): Promise<Position> {
    const { log, consumer, from } = this.#options
    this.#log = typeof log === 'function' ? await log() : log
    const { first, last } = this.#log.stats()
    const stored = await this.#log.readerPosition(consumer)
    const end = last < first ? first : last + 1n
    if (stored !== undefined && stored > end) {
      const message = `The consumer ${consumer} has read up to ${stored}, but the log ends at ${last}: it is another log. Choose another name, or unregister this reader.`
      throw new LogError('outOfRange', message, { position: first })
    }
    const position = stored ?? (from === 'latest' ? end : first)
    if (stored === undefined) await this.#log.registerReader(consumer, position)
    return position
  }

  async #run(listeners: readonly Listener[], from: Position): Promise<void> {
    const { signal } = this.#stopping
    let next: Position | undefined = from
    for (let failures = 0; !signal.aborted;) {
      try {
        next ??= await this.#begin()
        this._status$.next('connected')
        const batchSize = this.#options.batchSize ?? DEFAULT_BATCH
        for await (const entries of this.#log!.read({ from: { position: next }, follow: true, kinds: [PREFIX], batchSize, signal })) {
          failures = 0
          next = await this.#handleBatch(entries, listeners, next)
          if (signal.aborted) break
        }
      } catch (error) {
        if (signal.aborted) return
        this.#complain(error)
        next = undefined
        if (typeof this.#options.log === 'function') await this.#log?.close().catch(() => undefined)
        await this.#pause((failures += 1))
      }
    }
  }

  /** Answers the position behind what was handled, which is kept. */
  async #handleBatch(entries: readonly Entry[], listeners: readonly Listener[], kept: Position): Promise<Position> {
    let next = kept
    let handled = 0
    try {
      for (const entry of entries) {
        for (const listener of listeners) {
          if (!listener.matches(entry.subject)) continue
          if (!(await this.#handle(entry, listener))) return next
          handled += 1
        }
        next = entry.position + 1n
      }
    } finally {
      this.#passed += entries.length
      if (next !== kept && (handled > 0 || this.#passed >= IDLE_SAVE_ENTRIES || this.#stopping.signal.aborted)) {
        await this.#log!.registerReader(this.#options.consumer, next)
        this.#passed = 0
      }
    }
    return next
  }

  /** Since the position was kept. */
  #passed = 0

  /** True once it is handled, false where the server closes before. */
  async #handle(entry: Entry, { pattern, handler }: Listener): Promise<boolean> {
    const event = parse(entry)
    if (event === undefined) {
      this.#complain(new LogError('invalid', `The entry at position ${entry.position} (${entry.subject}) is no CloudEvent; it is passed over.`))
      return true
    }
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt += 1) {
      const context = new LogContext(entry, event, attempt)
      try {
        await this.#call(handler, event, context)
        return true
      } catch (error) {
        this.#complain(error, `${pattern}: the event ${event.id} of ${event.source} at position ${entry.position} failed (attempt ${attempt})`)
        if (attempt >= (this.#options.maxAttempts ?? Infinity)) {
          await this.#options.onGivenUp!(context, error)
          return true
        }
        await this.#pause(attempt)
      }
    }
    return false
  }

  #call(handler: MessageHandler, event: CloudEvent, context: LogContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      void this.onProcessingStartHook(this.transportId!, context, async () => {
        try {
          const result = await handler(event.data, context)
          resolve(await lastValueFrom(this.transformToObservable(result), { defaultValue: undefined }))
        } catch (error) {
          reject(error instanceof Error ? error : Object.assign(new Error(messageOf(error)), { cause: error }))
        } finally {
          this.onProcessingEndHook?.(this.transportId!, context)
        }
      })
    })
  }

  async #pause(failures: number): Promise<void> {
    const { firstRetryMs = FIRST_RETRY_MS, longestRetryMs = LONGEST_RETRY_MS } = this.#options
    await pause(Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 30)), undefined, { signal: this.#stopping.signal }).catch(() => undefined)
  }

  #complain(error: unknown, what?: string): void {
    this.logger.error(`${what === undefined ? '' : `${what}: `}${messageOf(error)}`)
    for (const listener of this.#errorListeners) listener(error)
    if (what === undefined && !(error instanceof LogError && error.code === 'invalid')) this._status$.next('disconnected')
  }
}

function parse({ payload }: Entry): CloudEvent | undefined {
  try {
    const event = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString()) as CloudEvent
    return typeof event === 'object' && event !== null && typeof event.type === 'string' ? event : undefined
  } catch {
    return undefined
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String((error as { message?: unknown } | undefined)?.message ?? error)
}
