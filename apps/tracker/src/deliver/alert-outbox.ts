import type { Log } from '@tidemark/log'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Database } from '../store/database.js'
import { claimDeliveries, recordDeliveryFailure, settleDelivery } from '../store/deliver/alerts.js'
import type { ClaimedDelivery } from '../store/deliver/alerts.js'
import type { SettlementEntry } from '../store/entries.js'
import type { Committed } from '../store/progress.js'
import { alertMessage } from './alert-message.js'
import type { Outcome } from './attempt.js'
import type { Outbox } from './courier.js'
import { post } from './post.js'

/** News older than this calls nobody: what a rebuild or a long outage brings up again is history. Machine time. */
const MAX_AGE_MS = 86_400_000

/**
 * Messages about alerts on their way to the configured webhooks. A message is delivered when every one of them took it; that is appended to the
 * log, as it is for commands.
 */
export class AlertOutbox implements Outbox<ClaimedDelivery> {
  constructor(
    private readonly db: Database, private readonly log: Log, private readonly settings: Pick<Settings, 'webhookUrls' | 'signingSecret' | 'host' | 'port'>,
    private readonly clock: Clock, private readonly timeoutMs?: number,
  ) {}

  claim(leaseSeconds: number, limit: number): Promise<ClaimedDelivery[]> {
    return claimDeliveries(this.db, leaseSeconds, limit)
  }

  async send(delivery: ClaimedDelivery, signal: AbortSignal): Promise<Outcome> {
    const { webhookUrls, signingSecret, host, port } = this.settings
    if (webhookUrls.length === 0) return { kind: 'dead', error: 'No webhook is set: set TIDEMARK_WEBHOOK_URLS.' }
    if (this.clock.now() - Number(delivery.at) > MAX_AGE_MS * this.clock.scale) return { kind: 'dead', error: 'Older than a day: nobody is called for it any more.' }
    const body = JSON.stringify(alertMessage(delivery, `http://${host}:${port}`))
    const outcomes = await Promise.all(webhookUrls.map((url) => post({
      url, id: delivery.id, body, contentType: 'application/json', secret: signingSecret, now: this.clock.machine(), signal,
      ...(this.timeoutMs === undefined ? {} : { timeoutMs: this.timeoutMs }),
    })))
    return outcomes.find(({ kind }) => kind === 'retry') ?? outcomes.find(({ kind }) => kind === 'dead') ?? { kind: 'delivered' }
  }

  async settle(delivery: ClaimedDelivery, status: 'delivered' | 'dead', error: string | undefined): Promise<void> {
    const entry: SettlementEntry = {
      what: 'alertDelivered', alert: delivery.alert, delivery: delivery.id, outcome: status, attempts: delivery.attempts, ...(error === undefined ? {} : { error }),
    }
    await this.log.append([{ kind: 'settlement', subject: 'settlement.alert', payload: Buffer.from(JSON.stringify(entry)) }])
    // Its fold writes the same, later than the next claim might look.
    await settleDelivery(this.db, delivery.id, status, delivery.attempts, error)
  }

  async postpone(delivery: ClaimedDelivery, error: string, waitSeconds: number): Promise<void> {
    await recordDeliveryFailure(this.db, delivery.id, error, waitSeconds)
  }

  isTouchedBy(committed: Committed): boolean {
    return committed.alerts
  }
}
