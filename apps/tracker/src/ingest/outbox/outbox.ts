/**
 * Follows an outbox table by polling it. States: not connected (each attempt waits longer, up to half a minute), reading (a set of transactions
 * that a snapshot sees and the one before it did not), idle (one look every `pollMs`). Whatever fails, it begins again at the position that
 * the log holds: events and position are one batch there, so nothing is lost or taken twice, however this ends.
 *
 * Limits: the time of one read transaction; rows and bytes of one append (transaction-batch.ts). Where following lags behind, it reads slower.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { type Draft, type Log, LogError } from '@tidemark/log'
import pg from 'pg'
import type { Logger } from 'pino'
import type { Clock } from '../../clock.js'
import type { OutboxSettings } from '../../config.js'
import { TrackerError } from '../../problem.js'
import type { WaysIn } from '../../store/ways-in.js'
import type { Intake } from '../intake.js'
import { NOTHING_READ, type OutboxPosition, positionDraft, storedPosition, upTo } from './position.js'
import { draftOfRow } from './row.js'
import { declareCursor, describeTable, type OutboxMoment, type OutboxRow, type OutboxTable, targetOf, unusable } from './table.js'
import { TransactionBatch } from './transaction-batch.js'

/** Rows that are fetched at once. */
const FETCH_ROWS = 200
/** After so long a read transaction ends, so that vacuum is not held up, and another goes on, which has to sort what is left anew. */
const READ_MS = 5 * 60_000
/** A position is looked for from the end of the log, and holds trimming back: where it would stand further back than this, it is written again. */
const MAX_ENTRIES_BEHIND = 100_000
const CONNECT_TIMEOUT_MS = 5_000
/** A first look at millions of rows sorts them before it answers. */
const QUERY_TIMEOUT_MS = 5 * 60_000
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 30_000

export interface OutboxPlace {
  readonly log: Log
  readonly intake: Pick<Intake, 'admit' | 'quarantined'>
  readonly clock: Clock
  readonly waysIn: WaysIn
  /** Resolves when more may be appended: at once, or a little later where following is behind. */
  readonly pace: () => Promise<void>
  /** Whether it is for this process to read it, of those that share the log. Absent: always. */
  readonly leads?: () => boolean
  readonly logger: Logger
}

export class Outbox {
  readonly #settings: OutboxSettings
  readonly #place: OutboxPlace
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #client: pg.Client | undefined
  #table: OutboxTable | undefined
  /** Undefined: to be looked up in the log. */
  #position: OutboxPosition | undefined
  /** Where in the log it was written last. */
  #writtenAt = 0n
  #events = 0
  #lastAt: number | undefined
  #error: string | undefined

  constructor(settings: OutboxSettings, place: OutboxPlace) {
    this.#settings = settings
    this.#place = place
  }

  start(): void {
    this.#report(undefined)
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    for (let failures = 0; !signal.aborted;) {
      let waitMs = this.#settings.pollMs
      try {
        // Who comes to lead looks in the log how far the one before has read.
        if (this.#place.leads?.() === false) await this.#startOver()
        else if (await this.#pass()) waitMs = 0
        failures = 0
        this.#report(undefined)
      } catch (error) {
        await this.#startOver()
        if (signal.aborted) break
        waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures)
        failures += 1
        this.#report(error)
      }
      await pause(waitMs, undefined, { signal }).catch(() => undefined)
    }
    await this.#startOver()
  }

  /** One read transaction. True where more may be waiting. */
  async #pass(): Promise<boolean> {
    const client = this.#client ?? (await this.#connect())
    const table = (this.#table ??= await describeTable(client, this.#settings.table, this.#settings.columns))
    const position = (this.#position ??= (await storedPosition(this.#place.log, this.#settings.name)) ?? NOTHING_READ)
    await client.query('begin isolation level repeatable read read only')
    const isWhole = await this.#readSet(client, table, position)
    await client.query('commit')
    await this.#keepNear()
    return !isWhole
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#settings.url, application_name: 'tidemark outbox', keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS, query_timeout: QUERY_TIMEOUT_MS,
    })
    // A connection that breaks while idle is noticed by the next statement.
    client.on('error', () => undefined)
    this.#client = client
    await client.connect()
    await client.query("set timezone = 'UTC'; set datestyle = 'ISO'")
    return client
  }

  /** Takes what the transactions wrote that this snapshot sees and the position does not. False where it stopped on the way. */
  async #readSet(client: pg.Client, table: OutboxTable, position: OutboxPosition): Promise<boolean> {
    const { snapshot, keepsCommitTimes } = await momentOf(client)
    if (endOf(snapshot) < endOf(position.read)) {
      throw unusable(
        'its database counts fewer transactions than were read already: it is another one, or was restored. ' +
          'Give it another name in TIDEMARK_OUTBOX_URL to read it from its beginning',
      )
    }
    const target = position.within?.target ?? targetOf(table, snapshot)
    await client.query(declareCursor('outbox', table, position, target, { snapshot, keepsCommitTimes }))
    // Of all rows of the set that were taken, also before a restart.
    let newest = max(endOf(position.read) - 1n, BigInt(position.within?.newest ?? 0))
    const batch = new TransactionBatch((drafts, last) =>
      this.#append(drafts, last === undefined ? undefined : { read: position.read, within: { target, newest: String(newest), ...last } }),
    )
    const { clock, pace, intake } = this.#place
    const until = clock.machine() + READ_MS
    let count = 0
    for (let coming = fetchRows(client); ;) {
      const { rows } = await coming
      const isLast = rows.length < FETCH_ROWS
      // The next rows are on their way while these are appended.
      if (!isLast) coming = fetchRows(client)
      if (rows.length > 0) await pace()
      for (const row of rows) {
        // Only whole transactions have a position behind them.
        if (clock.machine() > until && count > 0 && !batch.endsWith(row)) return batch.flush().then(() => false)
        newest = max(newest, BigInt(row.transaction))
        await batch.add(row, draftOfRow(row, this.#settings.name, table.columns, intake))
        count += 1
      }
      if (this.#stopping.signal.aborted) return false
      if (isLast) break
    }
    const rest = batch.take()
    // Where nothing was found, the next look begins at the same place, and an index finds nothing quickly.
    if (count > 0 || position.within !== undefined) await this.#append(rest, { read: upTo(target, newest) })
    return true
  }

  async #append(drafts: readonly Draft[], position: OutboxPosition | undefined): Promise<void> {
    const { log } = this.#place
    try {
      const { accepted, last } = await log.append(position === undefined ? drafts : [...drafts, positionDraft(this.#settings.name, position)])
      this.#events += position === undefined ? accepted : accepted - 1
      this.#lastAt = this.#place.clock.machine()
      if (position === undefined) return
      this.#position = position
      this.#writtenAt = last
    } catch (error) {
      if (!(error instanceof LogError) || error.code !== 'tooLarge' || drafts.length === 0) throw error
      const half = Math.ceil(drafts.length / 2)
      if (drafts.length > 1) await this.#append(drafts.slice(0, half), undefined)
      const rest = drafts.length > 1 ? drafts.slice(half) : [this.#tooLarge(drafts[0]!, error.message)]
      await this.#append(rest, position)
    }
  }

  #tooLarge({ key, payload }: Draft, reason: string): Draft {
    return this.#place.intake.quarantined(reason, `outbox ${this.#settings.name}`, Buffer.from(payload).subarray(0, 1_000).toString(), key)
  }

  async #keepNear(): Promise<void> {
    const { log } = this.#place
    if (this.#position === undefined || this.#position === NOTHING_READ || log.entriesAfter(this.#writtenAt) < MAX_ENTRIES_BEHIND) return
    await this.#append([], this.#position)
  }

  /** What the log holds is what counts: an append that failed may have been kept. */
  async #startOver(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.#table = undefined
    this.#position = undefined
    await client?.end().catch(() => undefined)
  }

  #report(error: unknown): void {
    const { waysIn, logger } = this.#place
    const name = `outbox ${this.#settings.name}`
    const said = error === undefined ? undefined : inWords(error, this.#settings.url)
    if (said !== this.#error && said !== undefined) logger.warn({ err: error, wayIn: name }, said)
    if (said === undefined && this.#error !== undefined) logger.info({ wayIn: name }, 'the outbox is read again')
    this.#error = said
    const lastAt = this.#lastAt
    waysIn.report({ name, events: this.#events, ...(lastAt === undefined ? {} : { lastAt }), ...(said === undefined ? {} : { error: said }) })
  }
}

async function momentOf(client: pg.Client): Promise<OutboxMoment> {
  const { rows } = await client.query<OutboxMoment>(
    `select pg_current_snapshot()::text as snapshot, current_setting('track_commit_timestamp') = 'on' as "keepsCommitTimes"`,
  )
  return rows[0]!
}

function fetchRows(client: pg.Client): Promise<pg.QueryResult<OutboxRow>> {
  const answer = client.query<OutboxRow>(`fetch ${FETCH_ROWS} from outbox`)
  // Who awaits it hears of a fault; nobody does where the rows before it failed.
  answer.catch(() => undefined)
  return answer
}

function endOf(snapshot: string): bigint {
  return BigInt(snapshot.split(':')[1]!)
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

/** Never the URL, which may hold a password. */
function inWords(error: unknown, url: string): string {
  if (error instanceof TrackerError) return error.detail
  const { host, pathname } = new URL(url)
  const { message, code } = error as { message?: string; code?: string }
  const what = error instanceof LogError ? 'Its events cannot be appended to the log' : `The database at ${host}${pathname} does not answer as it should`
  return `${what}: ${message === undefined || message === '' ? String(code) : message}`
}
