import { setTimeout as pause } from 'node:timers/promises'
import { Option, type Command } from 'commander'
import { z } from 'zod'
import { Deployed, EventsAccepted, Fault, FaultDiscarded, FaultsTried, Flow, Instance, LoggedEvent, ModelSummary, type Page, pageOf, Problem, Rebuild, Shadow, SnapshotJob, Snapshots, Status } from '@tidemark/api'
import { WrongUse } from './output.js'

/** A call is tried again this often where the tracker is busy, restarting or briefly out of reach: some two minutes in all. */
const MAX_ATTEMPTS = 12
const FIRST_WAIT_MS = 250
const MAX_WAIT_MS = 15_000
/** One request: a batch may wait for a slow disk, not for ever. */
const REQUEST_TIMEOUT_MS = 30_000

/** The most that the API gives in a page, and a million instances in all. */
const PAGE_ITEMS = 500
const MAX_COUNTED_PAGES = 2_000
const CountedPage = pageOf(z.unknown())

export const DEFAULT_URL = 'http://127.0.0.1:3000'

export interface ClientOptions {
  readonly url: string
  readonly token?: string
}

/** `--url` and `--token`, the same at every command that talks to a tracker. */
export function addClientOptions(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'where the tracker listens').env('TIDEMARK_URL').default(DEFAULT_URL))
    .addOption(new Option('--token <token>', 'its access token, where it asks for one (better given as TIDEMARK_TOKEN)').env('TIDEMARK_TOKEN'))
}

/** The tracker answered, and said no. `problem` is its application/problem+json body. */
export class Refused extends WrongUse {
  readonly status: number
  readonly problem: Problem | undefined
  /** The body as it came, for answers that carry more than a problem (findings). */
  readonly body: unknown

  constructor(status: number, what: string, body: unknown) {
    const problem = Problem.safeParse(body).data
    super(`${what} was refused (${status}): ${problem === undefined ? excerpt(body) : inWords(problem)}`)
    this.name = 'Refused'
    this.status = status
    this.problem = problem
    this.body = body
  }
}

/** Retries what may pass by itself (503, 429, a connection that fails once there was one); everything else is a {@link WrongUse}. */
export class TrackerClient {
  readonly #url: URL
  readonly #token: string | undefined
  #everReached = false

  constructor(options: ClientOptions) {
    this.#url = parseUrl(options.url)
    this.#token = options.token
  }

  async status(): Promise<Status> {
    return Status.parse(await this.#json('GET', '/api/v1/status', 'the status'))
  }

  /** @param batch a JSON array of CloudEvents. Taken whole or refused whole. */
  async sendEvents(batch: string): Promise<EventsAccepted> {
    return EventsAccepted.parse(await this.#json('POST', '/api/v1/events', 'the events', { body: batch, type: 'application/cloudevents-batch+json' }))
  }

  /** Undefined where no such model is deployed. */
  async model(id: string): Promise<ModelSummary | undefined> {
    return this.#found(async () => ModelSummary.parse(await this.#json('GET', `/api/v1/models/${encodeURIComponent(id)}`, `model ${id}`)))
  }

  async flow(model: string): Promise<Flow | undefined> {
    return this.#found(async () => Flow.parse(await this.#json('GET', `/api/v1/models/${encodeURIComponent(model)}/flow`, `the flow of ${model}`)))
  }

  /** Instances that a query of GET /api/v1/instances finds, by paging through them; undefined beyond {@link MAX_COUNTED_PAGES} pages. */
  async countInstances(query: Readonly<Record<string, string>>): Promise<number | undefined> {
    let [count, cursor] = [0, undefined as string | undefined]
    for (let page = 0; page < MAX_COUNTED_PAGES; page += 1) {
      const search = new URLSearchParams({ ...query, limit: String(PAGE_ITEMS), ...(cursor === undefined ? {} : { cursor }) })
      const found = CountedPage.parse(await this.#json('GET', `/api/v1/instances?${search}`, 'the instances'))
      count += found.items.length
      cursor = found.nextCursor
      if (cursor === undefined) return count
    }
    return undefined
  }

  /** A refusal with findings (422) is thrown as {@link Refused}; its body carries them. */
  async deploy(model: SentModel, options: { dryRun: boolean }): Promise<Deployed> {
    const path = `/api/v1/models${options.dryRun ? '?dryRun=true' : ''}`
    return Deployed.parse(await this.#json('POST', path, 'the model', sentOf(model)))
  }

  /** Tries a new version of a model. `since`: RFC 3339. */
  async beginShadow(id: string, model: SentModel, since: string | undefined): Promise<Shadow> {
    const path = `/api/v1/models/${encodeURIComponent(id)}/shadow${since === undefined ? '' : `?since=${encodeURIComponent(since)}`}`
    return Shadow.parse(await this.#json('POST', path, 'the model', sentOf(model)))
  }

  /** The latest of a model; undefined where there was none. */
  async shadow(id: string): Promise<Shadow | undefined> {
    return this.#found(async () => Shadow.parse(await this.#json('GET', `/api/v1/models/${encodeURIComponent(id)}/shadow`, 'the version that is tried')))
  }

  async dropShadow(id: string): Promise<void> {
    await this.#json('POST', `/api/v1/models/${encodeURIComponent(id)}/shadow/drop`, 'the version that is tried', { body: '{}', type: 'application/json' })
  }

  async acceptShadow(id: string, instances: 'move' | 'stay'): Promise<void> {
    const sent = { body: JSON.stringify({ instances }), type: 'application/json' }
    await this.#json('POST', `/api/v1/models/${encodeURIComponent(id)}/shadow/accept`, 'the version that is tried', sent)
  }

  /** What a person says of an instance; answers how it is then. */
  async correct(instance: string, correction: object): Promise<Instance> {
    const sent = { body: JSON.stringify(correction), type: 'application/json' }
    return Instance.parse(await this.#json('POST', `/api/v1/instances/${encodeURIComponent(instance)}/corrections`, `instance ${instance}`, sent))
  }

  async faults(): Promise<Page<Fault>> {
    return pageOf(Fault).parse(await this.#json('GET', '/api/v1/faults', 'the faults'))
  }

  async retryFaults(unit: string | undefined): Promise<FaultsTried> {
    const path = unit === undefined ? '/api/v1/faults/retry' : `/api/v1/faults/${encodeURIComponent(unit)}/retry`
    return FaultsTried.parse(await this.#json('POST', path, 'the retry', { body: '{}', type: 'application/json' }))
  }

  async discardFault(unit: string, action: object): Promise<FaultDiscarded> {
    return FaultDiscarded.parse(await this.#json('POST', `/api/v1/faults/${encodeURIComponent(unit)}/discard`, `unit ${unit}`, { body: JSON.stringify(action), type: 'application/json' }))
  }

  async discardEvent(position: string, action: object): Promise<LoggedEvent> {
    return LoggedEvent.parse(await this.#json('POST', `/api/v1/events/${encodeURIComponent(position)}/discard`, `event ${position}`, { body: JSON.stringify(action), type: 'application/json' }))
  }

  /** The latest; undefined where there was none. */
  async rebuild(): Promise<Rebuild | undefined> {
    return this.#found(async () => Rebuild.parse(await this.#json('GET', '/api/v1/rebuild', 'the rebuild')))
  }

  async beginRebuild(): Promise<Rebuild> {
    return Rebuild.parse(await this.#json('POST', '/api/v1/rebuild', 'the rebuild', { body: '{}', type: 'application/json' }))
  }

  async changeRebuild(what: 'cancel' | 'pause' | 'resume'): Promise<Rebuild> {
    return Rebuild.parse(await this.#json('POST', `/api/v1/rebuild/${what}`, 'changing the rebuild', { body: '{}', type: 'application/json' }))
  }

  async snapshots(): Promise<Snapshots> {
    return Snapshots.parse(await this.#json('GET', '/api/v1/snapshots', 'the snapshots'))
  }

  async beginSnapshot(): Promise<SnapshotJob> {
    return SnapshotJob.parse(await this.#json('POST', '/api/v1/snapshots', 'the snapshot', { body: '{}', type: 'application/json' }))
  }

  async verifySnapshot(name: string): Promise<SnapshotJob> {
    return SnapshotJob.parse(await this.#json('POST', `/api/v1/snapshots/${encodeURIComponent(name)}/verify`, `the snapshot ${name}`, { body: '{}', type: 'application/json' }))
  }

  async #found<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call()
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return undefined
      throw error
    }
  }

  async #json(method: string, path: string, what: string, sent?: { body: string | Uint8Array; type: string }): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#once(method, path, sent)
      if (answer instanceof Response && answer.ok) return await answer.json()
      const last = attempt >= MAX_ATTEMPTS
      if (answer instanceof Response) {
        const body = await bodyOf(answer)
        if (answer.status === 401 || answer.status === 403) throw new Refused(answer.status, `${what} (is --token or TIDEMARK_TOKEN right?)`, body)
        if ((answer.status !== 503 && answer.status !== 429) || last) throw new Refused(answer.status, what, body)
      } else if (!this.#everReached || last) {
        throw new WrongUse(
          `no tracker answers at ${this.#url.origin} (${reasonOf(answer)}). Start one with \`npx tidemark serve\`, or name another with --url.`,
          { cause: answer },
        )
      }
      await pause(waitMs(attempt, answer instanceof Response ? answer.headers.get('retry-after') : null))
    }
  }

  async #once(method: string, path: string, sent?: { body: string | Uint8Array; type: string }): Promise<Response | Error> {
    const headers: Record<string, string> = { accept: 'application/json, application/problem+json' }
    if (sent !== undefined) headers['content-type'] = sent.type
    if (this.#token !== undefined) headers['authorization'] = `Bearer ${this.#token}`
    try {
      const answer = await fetch(new URL(path, this.#url), {
        method, headers, redirect: 'error', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        ...(sent === undefined ? {} : { body: sent.body }),
      })
      this.#everReached = true
      return answer
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text) || !/^https?:/.test(text)) throw new WrongUse(`--url ${text} is no HTTP address; it looks like ${DEFAULT_URL}`)
  return new URL(text)
}

/** Doubles from try to try, with jitter so that several senders do not come back together; the tracker's own wish comes first. */
function waitMs(attempt: number, retryAfter: string | null): number {
  const asked = Number(retryAfter) * 1000
  if (asked > 0) return Math.min(asked, MAX_WAIT_MS)
  const full = Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), MAX_WAIT_MS)
  return full / 2 + Math.random() * (full / 2)
}

async function bodyOf(answer: Response): Promise<unknown> {
  const text = await answer.text().catch(() => '')
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function inWords(problem: Problem): string {
  const errors = (problem.errors ?? []).map((error) => {
    const place = [error.index === undefined ? '' : `event ${error.index}`, error.attribute ?? ''].filter(Boolean).join(', ')
    return place === '' ? error.message : `${place}: ${error.message}`
  })
  return [`${problem.detail ?? problem.title} [${problem.code}]`, ...errors].join('\n  ')
}

function excerpt(body: unknown): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return text === '' ? 'no reason given' : text.slice(0, 300)
}

function reasonOf(error: Error): string {
  const cause = error.cause
  if (cause instanceof AggregateError) return (cause.errors as Error[]).map((one) => one.message).join('; ')
  return cause instanceof Error ? cause.message : error.message
}

export interface SentModel {
  readonly xml: Uint8Array
  readonly text: () => string
  readonly mapping?: string
  readonly decision?: string
}

function sentOf({ xml, text, mapping, decision }: SentModel): { body: Uint8Array | string; type: string } {
  if (mapping === undefined && decision === undefined) return { body: xml, type: 'application/xml' }
  return { body: JSON.stringify({ xml: text(), mapping, decision }), type: 'application/json' }
}
