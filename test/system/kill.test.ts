/**
 * The demo's orders come in while their tracker is killed again and again, at moments that a seed chooses: also while it starts, and while it
 * sends commands. Afterwards nothing that was acknowledged is missing or doubled, the tables are those of a tracker that never died, and what
 * they say of each order agrees with the journals of the services. TIDEMARK_KILLS sets how often (default 6), TIDEMARK_SEED which moments.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DAY_MS, Dice, generateOrders, modelFile } from '@tidemark/example-order-fulfilment'
import { EmbeddedLog } from '@tidemark/log'
import { afterEach, expect, test } from 'vitest'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { freePort } from '../support/free-port.js'
import { openReceiver, type Receiver } from '../support/receiver.js'
import { TrackerApi } from '../support/tracker-api.js'
import { violations } from '../support/violations.js'
import { send, type Traffic } from '../support/traffic.js'
import { startTracker, type TrackerProcess, type TrackerProcessOptions } from '../support/tracker-process.js'

const KILLS = Number(process.env['TIDEMARK_KILLS'] ?? 6)
const SEED = process.env['TIDEMARK_SEED'] ?? 'tidemark'
/** A day is a second. */
const SCALE = 86_400
const ORDERS_PER_DAY = 60
const ORDERS = 120 + 45 * KILLS
/** Every deadline of the model has passed so long after the last event. */
const QUIET_MS = 60 * DAY_MS
/** A kill comes within so long of a start, or of the acknowledgement that it waits for. */
const EARLY_MS = 2_500
const LATER_MS = 400
const LIVES = { events: { least: 10, most: 400 } }

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

test(`a tracker that is killed ${KILLS} times loses nothing and doubles nothing (seed ${SEED})`, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-kill-'))
  open.push(() => rm(dataDir, { recursive: true, force: true }))
  const receiver = await openReceiver()
  open.push(() => receiver.close())
  const place = await placeOf(dataDir, receiver)
  const clock = () => place.clockScale.domainOrigin + (Date.now() - place.clockScale.realOrigin) * SCALE

  let tracker = start(place)
  const xml = await readFile(modelFile, 'utf8')
  await new TrackerApi((await tracker.ready)!).deploy(xml)
  const shop = generateOrders({ orders: ORDERS, startTime: clock(), seed: SEED, ordersPerDay: ORDERS_PER_DAY, commands: 'timely' })
  const traffic = send([...shop.arrivals()], `http://127.0.0.1:${place.environment['PORT']}/api/v1/events`, clock, SCALE)

  const dice = new Dice(SEED)
  for (let kill = 0; kill < KILLS; kill++) {
    await momentOf(kill, dice, tracker, traffic)
    await tracker.kill()
    tracker = start(place)
  }
  await traffic.done
  expect(traffic.refused, 'events that were refused').toEqual([])
  await tracker.kill()

  await passAllDeadlines(dataDir, clock() + QUIET_MS)
  tracker = start(place)
  await commandsAreSettled(new TrackerApi((await tracker.ready)!))
  await tracker.kill()

  const log = await EmbeddedLog.open(join(dataDir, 'log'))
  open.push(() => log.close())
  const db = await openDatabase({ dataDir })
  open.push(() => db.close())
  expect(await violations({ db, log, shop, xml, acknowledged: traffic.acknowledged, received: receiver.received.map(({ body }) => body) })).toEqual([])
}, 120_000 + KILLS * 20_000)

async function placeOf(dataDir: string, receiver: Receiver): Promise<TrackerProcessOptions> {
  return {
    environment: {
      PORT: String(await freePort()), TIDEMARK_DATA: dataDir, TIDEMARK_LOG_LEVEL: 'warn', TIDEMARK_SHARDS: '4',
      TIDEMARK_COMMAND_URLS: `order=${receiver.url}/order,notification=${receiver.url}/notification`,
    },
    clockScale: { scale: SCALE, realOrigin: Date.now(), domainOrigin: Date.UTC(2026, 0, 5, 8) },
  }
}

function start(place: TrackerProcessOptions): TrackerProcess {
  const tracker = startTracker(place)
  open.push(() => tracker.kill())
  tracker.ready.catch(() => undefined)
  return tracker
}

/** A third of the kills comes soon after the start, ready or not; the others after some more events, and a little later. */
async function momentOf(kill: number, dice: Dice, tracker: TrackerProcess, traffic: Traffic): Promise<void> {
  if (dice.roll('early', kill) < 0.33) return pause(dice.roll('moment', kill) * EARLY_MS)
  await tracker.ready
  await traffic.more(dice.between(LIVES.events.least, LIVES.events.most, 'events', kill))
  await pause(dice.roll('moment', kill) * LATER_MS)
}

/** The tracker is down: its log learns that long has passed, as it would if the house were quiet for so long. */
async function passAllDeadlines(dataDir: string, now: number): Promise<void> {
  const log = await EmbeddedLog.open(join(dataDir, 'log'), { clock: () => now })
  await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
  await log.close()
}

async function commandsAreSettled(api: TrackerApi): Promise<void> {
  await api.settled()
  await api.until('all commands are settled', async () => {
    const open = await Promise.all(['scheduled', 'sending', 'failed'].map((status) => api.get<{ items: unknown[] }>(`/commands?status=${status}`)))
    return open.every(({ items }) => items.length === 0)
  })
}
