/** The few calls of the API that system tests make, so that they read as what they say. */
import type { Deployed, EventsAccepted, Instance, InstanceSummary, LoggedEvent, ModelSummary, Page, Status } from '@tidemark/api'

/** Events in one request. */
export const BATCH_EVENTS = 500
/** How long a busy machine may take to get anywhere. */
const PATIENCE_MS = 120_000
const LOOK_MS = 50

export class TrackerApi {
  constructor(readonly url: string) {}

  async get<T>(path: string): Promise<T> {
    return read<T>(await fetch(`${this.url}/api/v1${path}`), path)
  }

  async deploy(xml: string, mapping?: string, decision?: string): Promise<Deployed> {
    return read<Deployed>(await this.#post('/models', 'application/json', { xml, ...(mapping === undefined ? {} : { mapping }), ...(decision === undefined ? {} : { decision }) }), 'deploy')
  }

  /** Resolves once they are durable. */
  async send(events: readonly object[]): Promise<EventsAccepted> {
    return read<EventsAccepted>(await this.#post('/events', 'application/cloudevents-batch+json', events), 'events')
  }

  /** In batches, one after the other. */
  async sendAll(events: readonly object[]): Promise<void> {
    for (let from = 0; from < events.length; from += BATCH_EVENTS) await this.send(events.slice(from, from + BATCH_EVENTS))
  }

  status(): Promise<Status> {
    return this.get<Status>('/status')
  }

  models(): Promise<Page<ModelSummary>> {
    return this.get<Page<ModelSummary>>('/models')
  }

  instance(id: string): Promise<Instance> {
    return this.get<Instance>(`/instances/${id}`)
  }

  event(position: string): Promise<LoggedEvent> {
    return this.get<LoggedEvent>(`/events/${position}`)
  }

  /** All that match, page by page. */
  async instances(query: string): Promise<InstanceSummary[]> {
    const all: InstanceSummary[] = []
    for (let cursor = ''; ;) {
      const page = await this.get<Page<InstanceSummary>>(`/instances?limit=500&${query}${cursor}`)
      all.push(...page.items)
      if (page.nextCursor === undefined) return all
      cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`
    }
  }

  /** Everything in the log is folded, and every model has caught up. */
  async settled(): Promise<void> {
    await this.until('everything is folded', async () => {
      const { head, folded } = await this.status()
      return BigInt(folded) >= BigInt(head) && (await this.models()).items.every((model) => model.versions.every((version) => version.status === 'active'))
    })
  }

  /** A command that failed, at once and not when its turn comes; that may have come meanwhile. */
  async retry(command: string): Promise<void> {
    const answer = await this.#post(`/commands/${command}/retry`, 'application/json', {})
    if (answer.status !== 409) await read(answer, 'retry')
  }

  /** Asks until it is so; throws what it waited for, and how it was then, when patience ends. */
  async until(what: string, isSo: () => Promise<boolean>, how?: () => Promise<string>, patienceMs = PATIENCE_MS): Promise<void> {
    const end = Date.now() + patienceMs
    while (!(await isSo())) {
      if (Date.now() > end) throw new Error(`waited ${patienceMs / 1_000} seconds until ${what}, in vain${how === undefined ? '' : `: ${await how()}`}`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  #post(path: string, type: string, body: unknown): Promise<Response> {
    return fetch(`${this.url}/api/v1${path}`, { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(body) })
  }
}

/** Throws what the tracker answered where that is no success; `status` says which refusal. */
async function read<T>(response: Response, what: string): Promise<T> {
  const text = await response.text()
  if (!response.ok) throw Object.assign(new Error(`${what}: ${response.status} ${text.slice(0, 500)}`), { status: response.status })
  return JSON.parse(text) as T
}
