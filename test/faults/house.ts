/** A tracker with the servers that it stands on, each behind a proxy, and somebody who starts it again when it ends: as a machine room does. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Migration } from '@tidemark/migrations'
import { modelFile } from '@tidemark/example-order-fulfilment'
import { EmbeddedLog, type Log } from '@tidemark/log'
import { JetStreamLog } from '@tidemark/log/jetstream'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { openPglite } from '../../apps/tracker/src/store/pglite/open-pglite.js'
import { openPostgres } from '../../apps/tracker/src/store/postgres/open-postgres.js'
import { freePort } from '../support/free-port.js'
import { startNats, type NatsServer } from '../support/nats.js'
import { startPostgres, type PostgresServer } from '../support/postgres.js'
import { openReceiver, type Receiver } from '../support/receiver.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { TrackerApi } from '../support/tracker-api.js'
import { startTracker, type TrackerProcess } from '../support/tracker-process.js'
import { SmallDisk } from './small-disk.js'

/** A day is a second. */
export const SCALE = 86_400
/** How long whoever watches the tracker waits before it is started again. */
const RESTART_MS = 200
const LEASE_SECONDS = 3
/** Lines that a tracker said before it ended. */
const LAST_WORDS = 20

/** What stands below the tracker. */
export type Ground = 'embedded' | 'postgres' | 'jetstream'

export interface Behind<Server> {
  readonly server: Server
  readonly proxy: TcpProxy
}

/** A tracker under a name of its own, beside the one that is watched. */
export interface Beside {
  readonly name: string
  readonly tracker: TrackerProcess
  readonly port: number
  readonly steps: readonly Migration[]
}

export class FaultHouse {
  readonly receiver: Receiver
  readonly ground: Ground
  readonly postgres: Behind<PostgresServer> | undefined
  readonly nats: Behind<NatsServer> | undefined
  /** Below the embedded log and database, where this machine can have one. */
  readonly disk: SmallDisk | undefined
  /** Starts and stops that nobody asked for, with what the tracker said. */
  readonly endedByItself: string[] = []
  /** What did not hold while things went wrong. */
  readonly seen: string[] = []
  readonly dataDir: string
  readonly #front: TcpProxy
  readonly #besides = new Set<TrackerProcess>()
  #clock = { realOrigin: Date.now(), domainOrigin: Date.UTC(2026, 0, 5, 8) }
  #tracker: TrackerProcess | undefined
  #name = 'tracker'
  /** Of the schema, beyond those of the build: it has been upgraded so often. */
  #steps: readonly Migration[] = []
  #isOpen = true

  private constructor(parts: {
    ground: Ground; dataDir: string; disk: SmallDisk | undefined; front: TcpProxy; receiver: Receiver; postgres: Behind<PostgresServer> | undefined
    nats: Behind<NatsServer> | undefined
  }) {
    this.ground = parts.ground
    this.receiver = parts.receiver
    this.postgres = parts.postgres
    this.nats = parts.nats
    this.disk = parts.disk
    this.dataDir = parts.dataDir
    this.#front = parts.front
  }

  /** Undefined where the servers that it needs are not on this machine. */
  static async open(ground: Ground): Promise<FaultHouse | undefined> {
    const postgres = ground === 'embedded' ? undefined : await startPostgres()
    const nats = ground === 'jetstream' ? await startNats() : undefined
    if ((ground !== 'embedded' && postgres === undefined) || (ground === 'jetstream' && nats === undefined)) {
      await postgres?.stop()
      return undefined
    }
    const behind = async <Server extends { readonly url: string }>(server: Server | undefined): Promise<Behind<Server> | undefined> => (
      server === undefined ? undefined : { server, proxy: await TcpProxy.open(Number(new URL(server.url).port)) }
    )
    const disk = ground === 'embedded' ? await SmallDisk.open() : undefined
    const house = new FaultHouse({
      ground, disk, dataDir: disk?.path ?? (await mkdtemp(join(tmpdir(), 'tidemark-faults-'))), front: await TcpProxy.open(1), receiver: await openReceiver(),
      postgres: await behind(postgres), nats: await behind(nats),
    })
    try {
      await house.start()
      await house.api.until('it has started', () => house.isReady())
      await house.api.deploy(await readFile(modelFile, 'utf8'))
      return house
    } catch (error) {
      await house.close()
      throw error
    }
  }

  /** The same address whatever happens to the tracker. */
  get api(): TrackerApi {
    return new TrackerApi(`http://127.0.0.1:${this.#front.port}`)
  }

  /** Between those who send events and the tracker. */
  get front(): TcpProxy {
    return this.#front
  }

  get tracker(): TrackerProcess {
    if (this.#tracker === undefined) throw new Error('the tracker was not started')
    return this.#tracker
  }

  get steps(): readonly Migration[] {
    return this.#steps
  }

  now = (): number => this.#clock.domainOrigin + (Date.now() - this.#clock.realOrigin) * SCALE

  /** The clock of the machine is set: the tracker must be started again to see it. */
  turnClock(byMs: number): void {
    this.#clock = { ...this.#clock, domainOrigin: this.#clock.domainOrigin + byMs }
  }

  /** @param steps from now on: a later version than before where there are more of them */
  async start(steps = this.#steps): Promise<void> {
    this.#steps = steps
    const port = await freePort()
    this.#tracker = this.#launch(this.#name, port, this.#steps, 0)
    this.#front.leadTo(port)
  }

  /** A second one on the same ground, which nobody starts again. @param skewMs of its clock */
  async startBeside(name: string, differs: { readonly skewMs?: number; readonly steps?: readonly Migration[] }): Promise<Beside> {
    const { skewMs = 0, steps = this.#steps } = differs
    const port = await freePort()
    const tracker = this.#launch(name, port, steps, skewMs)
    this.#besides.add(tracker)
    return { name, tracker, port, steps }
  }

  /** It takes the place of the one that was watched, which is over. */
  async replaceBy({ name, tracker, port, steps }: Beside): Promise<void> {
    const former = this.tracker
    this.#tracker = tracker
    this.#name = name
    this.#steps = steps
    this.#front.leadTo(port)
    await former.kill()
  }

  async kill(): Promise<void> {
    await this.tracker.kill()
  }

  async isReady(): Promise<boolean> {
    return fetch(`${this.api.url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(({ ok }) => ok, () => false)
  }

  /** Ready, and everything is folded that the log held when it was. */
  async hasRecovered(): Promise<void> {
    let goal: bigint | undefined
    await this.api.until('it is ready and has caught up', async () => {
      if (goal === undefined && !(await this.isReady())) return false
      const status = await this.api.status().catch(() => undefined)
      if (status === undefined) return false
      goal ??= BigInt(status.head)
      return BigInt(status.folded) >= goal
    })
  }

  /** Ends the tracker and opens what it stood on, past the proxies. */
  async inspect(): Promise<{ readonly log: Log; readonly db: Database; close(): Promise<void> }> {
    await this.kill()
    const log = await this.openLog()
    const db = this.postgres === undefined ? await openPglite(join(this.dataDir, 'db')) : await openPostgres(this.postgres.server.url)
    return {
      log, db,
      async close() {
        await log.close()
        await db.close()
      },
    }
  }

  /** The log itself, while no tracker holds it. */
  openLog(clock?: () => number): Promise<Log> {
    const stamps = clock === undefined ? {} : { clock }
    if (this.nats !== undefined) return JetStreamLog.open({ url: this.nats.server.url, ...stamps })
    return EmbeddedLog.open(join(this.dataDir, 'log'), stamps)
  }

  async close(): Promise<void> {
    this.#isOpen = false
    await Promise.all([this.#tracker, ...this.#besides].map((tracker) => tracker?.kill()))
    await Promise.all([this.#front, this.postgres?.proxy, this.nats?.proxy].map((proxy) => proxy?.close()))
    await this.receiver.close()
    await this.postgres?.server.stop()
    await this.nats?.server.stop()
    if (this.disk === undefined) await rm(this.dataDir, { recursive: true, force: true })
    else await this.disk.close()
  }

  #launch(name: string, port: number, steps: readonly Migration[], skewMs: number): TrackerProcess {
    const clockScale = { scale: SCALE, ...this.#clock, domainOrigin: this.#clock.domainOrigin + skewMs }
    const tracker = startTracker({ environment: this.#environment(name, port), clockScale, laterMigrations: steps })
    tracker.ready.catch(() => undefined)
    void tracker.ended.then(async ({ byItself }) => {
      if (!byItself || !this.#isOpen) return
      this.endedByItself.push(tracker.complaints().trim().split('\n').slice(-LAST_WORDS).join('\n  '))
      if (this.#tracker !== tracker) return
      await pause(RESTART_MS)
      if (this.#isOpen && this.#tracker === tracker) await this.start()
    })
    return tracker
  }

  #environment(name: string, port: number): Record<string, string> {
    return {
      PORT: String(port), TIDEMARK_DATA: this.dataDir, TIDEMARK_LOG_LEVEL: 'warn', TIDEMARK_SHARDS: '4',
      TIDEMARK_MEMBER: name, TIDEMARK_LEASE_SECONDS: String(LEASE_SECONDS),
      TIDEMARK_COMMAND_URLS: `order=${this.receiver.url}/order,notification=${this.receiver.url}/notification`,
      ...(this.postgres === undefined ? {} : { DATABASE_URL: through(this.postgres) }),
      ...(this.nats === undefined ? {} : { TIDEMARK_LOG: 'jetstream', NATS_URL: through(this.nats) }),
    }
  }
}

function through({ server, proxy }: Behind<{ readonly url: string }>): string {
  const url = new URL(server.url)
  url.port = String(proxy.port)
  return url.href
}
