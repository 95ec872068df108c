/**
 * Trackers in processes of their own on one stream and one Postgres: they are killed, and stand still for longer than their lease and go on, at moments
 * that a seed chooses, while the demo's orders come in. Afterwards nothing that was acknowledged is missing or doubled, the tables are those of one
 * tracker, and what stood still wrote nothing in its old epoch. TIDEMARK_SPLITS sets how often (default 2), TIDEMARK_SEED which moments.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Status } from '@tidemark/api'
import { DAY_MS, Dice, generateOrders, modelFile } from '@tidemark/example-order-fulfilment'
import { JetStreamLog } from '@tidemark/log/jetstream'
import { afterEach, expect, test } from 'vitest'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { freePort } from '../support/free-port.js'
import { startNats } from '../support/nats.js'
import { startPostgres } from '../support/postgres.js'
import { openReceiver } from '../support/receiver.js'
import { skipUnless } from '../support/requires.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { TrackerApi } from '../support/tracker-api.js'
import { startTracker, type TrackerProcess } from '../support/tracker-process.js'
import { send } from '../support/traffic.js'
import { until } from '../support/trackers.js'
import { violations } from '../support/violations.js'

const SPLITS = Number(process.env['TIDEMARK_SPLITS'] ?? 2)
const SEED = process.env['TIDEMARK_SEED'] ?? 'processes'
const SHARDS = 4
const LEASE_MS = 1_000
/** A day is a second. */
const SCALE = 86_400
const ORDERS_PER_DAY = 60
/** From the end of an owner until all its shards have another: its lease, and a look of who takes them, on a machine that is busy. */
const TAKE_OVER_MS = 2 * LEASE_MS + 4_000
/** Every deadline of the model has passed so long after the last event. */
const QUIET_MS = 60 * DAY_MS

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
const nats = await startNats()
const postgres = nats === undefined ? undefined : await startPostgres()

class Place {
  tracker: TrackerProcess
  readonly api: TrackerApi

  constructor(readonly name: string, readonly port: number, private readonly start: (place: Place) => TrackerProcess) {
    this.tracker = start(this)
    this.api = new TrackerApi(`http://127.0.0.1:${port}`)
  }

  again(): void {
    this.tracker = this.start(this)
  }

  status(): Promise<Status> {
    return this.api.status()
  }
}

test.skipIf(skipUnless(nats !== undefined && postgres !== undefined, 'a NATS server and a Postgres server'))(
  `trackers that are killed, or stand still longer than their lease, ${SPLITS} times in all, lose nothing and double nothing (seed ${SEED})`, async () => {
    open.push(() => postgres!.stop(), () => nats!.stop())
    const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-processes-'))
    open.push(() => rm(dataDir, { recursive: true, force: true }))
    const receiver = await openReceiver()
    open.push(() => receiver.close())
    const clockScale = { scale: SCALE, realOrigin: Date.now(), domainOrigin: Date.UTC(2026, 0, 5, 8) }
    const clock = () => clockScale.domainOrigin + (Date.now() - clockScale.realOrigin) * SCALE
    const start = ({ name, port }: Place) => {
      const tracker = startTracker({
        environment: {
          PORT: String(port), TIDEMARK_DATA: dataDir, TIDEMARK_LOG_LEVEL: 'warn', TIDEMARK_SHARDS: String(SHARDS), TIDEMARK_MEMBER: name, TIDEMARK_LEASE_SECONDS: String(LEASE_MS / 1_000),
          TIDEMARK_LOG: 'jetstream', NATS_URL: nats!.url, DATABASE_URL: postgres!.url, TIDEMARK_COMMAND_URLS: `order=${receiver.url}/order,notification=${receiver.url}/notification`,
        },
        clockScale,
      })
      open.push(() => tracker.kill())
      tracker.ready.catch(() => undefined)
      return tracker
    }
    const places = [new Place('a', await freePort(), start), new Place('b', await freePort(), start)] as const
    await Promise.all(places.map(({ tracker }) => tracker.ready))
    const front = await TcpProxy.open(places[0].port)
    open.push(() => front.close())
    const ownerships = async (place: Place) => Object.fromEntries((await place.status()).members.map(({ name, shards }) => [name, shards]))
    const areShared = () => until('shards are shared', async () => Object.values(await ownerships(places[0])).join() === '2,2')
    await areShared()
    const xml = await readFile(modelFile, 'utf8')
    await places[0].api.deploy(xml)
    const shop = generateOrders({ orders: 60 + 60 * SPLITS, startTime: clock(), seed: SEED, ordersPerDay: ORDERS_PER_DAY, commands: 'timely' })
    const traffic = send([...shop.arrivals()], `http://127.0.0.1:${front.port}/api/v1/events`, clock, SCALE)

    const dice = new Dice(SEED)
    let [splits, fenced] = [0, 0]
    const took: number[] = []
    for (let round = 0; round < SPLITS; round++) {
      await traffic.more(dice.between(10, 200, 'events', round))
      const [victim, other] = dice.roll('who', round) < 0.5 ? [places[0], places[1]] : [places[1], places[0]]
      front.leadTo(other.port)
      const isSplit = round % 2 === 0
      if (isSplit) victim.tracker.pause()
      else await victim.tracker.kill()
      const began = performance.now()
      await until(`${other.name} has all shards`, async () => (await ownerships(other))[other.name] === SHARDS)
      took.push(performance.now() - began)
      expect(took.at(-1), 'from its end to the take-over').toBeLessThan(TAKE_OVER_MS)
      await traffic.more(dice.between(5, 50, 'more', round))
      const before = isSplit ? await epochs(other) : ''
      if (isSplit) {
        splits++
        victim.tracker.goOn()
        await until('it knows', async () => (await victim.status()).fencedWrites > 0 || (await epochs(victim)) !== before)
      } else {
        victim.again()
        await victim.tracker.ready
      }
      await areShared()
      fenced += (await victim.status()).fencedWrites
    }
    await traffic.done
    expect(traffic.refused, 'events that were refused').toEqual([])
    expect(splits).toBeGreaterThan(0)
    // Whoever stood still had something on its way, more often than not.
    console.log(`${SPLITS} times, ${splits} of them stood still; ${fenced} commits in an old epoch wrote nothing; taken over after ${took.map(Math.round).join(', ')} ms with a lease of ${LEASE_MS}`)
    await commandsAreSettled(places[0].api)
    await Promise.all(places.map(({ tracker }) => tracker.kill()))

    const passing = await JetStreamLog.open({ url: nats!.url, clock: () => clock() + QUIET_MS })
    await passing.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
    await passing.close()
    places[0].again()
    await places[0].tracker.ready
    await commandsAreSettled(places[0].api)
    await places[0].tracker.kill()
    const log = await JetStreamLog.open({ url: nats!.url })
    open.push(() => log.close())
    const db = await openDatabase({ dataDir, databaseUrl: postgres!.url })
    open.push(() => db.close())
    expect(await violations({ db, log, shop, xml, acknowledged: traffic.acknowledged, received: receiver.received.map(({ body }) => body) })).toEqual([])
  }, 120_000 + SPLITS * 30_000)

async function epochs(place: Place): Promise<string> {
  return (await place.status()).shards.map(({ epoch }) => epoch).join()
}

async function commandsAreSettled(api: TrackerApi): Promise<void> {
  await api.settled()
  await api.until('all commands are settled', async () => {
    const unsettled = await Promise.all(['scheduled', 'sending', 'failed'].map((status) => api.get<{ items: unknown[] }>(`/commands?status=${status}`)))
    return unsettled.every(({ items }) => items.length === 0)
  })
  await pause(0)
}
