/** One run of a house with mishaps: traffic, what goes wrong meanwhile, and what does not hold in the end. */
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { CommandSummary, Page } from '@tidemark/api'
import { DAY_MS, Dice, generateOrders, modelFile } from '@tidemark/example-order-fulfilment'
import { OpenPage } from '../support/open-page.js'
import { send } from '../support/traffic.js'
import { violations } from '../support/violations.js'
import { FaultHouse, SCALE, type Ground } from './house.js'
import type { RoundPlan } from './plan.js'

/** Every deadline of the model has passed so long after the last event. */
const QUIET_MS = 60 * DAY_MS
const MODEL = 'order-fulfilment'

export interface Round {
  readonly ground: Ground
  readonly seed: string
  /** What went wrong, and how long it then took until the tracker was ready and had folded what there was, milliseconds. */
  readonly happened: readonly { readonly name: string; readonly recoveryMs: number }[]
  readonly events: number
  readonly endedByItself: readonly string[]
  readonly violations: readonly string[]
}

/** Undefined where this machine lacks the servers. */
export async function playRound(plan: RoundPlan, seed: string): Promise<Round | undefined> {
  const house = await FaultHouse.open(plan.ground)
  if (house === undefined) return undefined
  try {
    return await play(house, plan, seed)
  } finally {
    await house.close()
  }
}

async function play(house: FaultHouse, plan: RoundPlan, seed: string): Promise<Round> {
  const happened: { name: string; recoveryMs: number }[] = []
  const page = new OpenPage(house.api, MODEL)
  const { events, found } = await live(house, plan, seed, happened, page).catch((error: unknown) => (
    { events: 0, found: [`it did not come to its end, after ${happened.length} mishaps: ${told(error)}; the tracker said: ${house.tracker.complaints().slice(-1_500)}`] }
  )).finally(() => page.close())
  return { ground: house.ground, seed, happened, events, endedByItself: house.endedByItself, violations: [...found, ...house.seen] }
}

function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${told(error.cause)}`
}

async function live(
  house: FaultHouse, plan: RoundPlan, seed: string, happened: { name: string; recoveryMs: number }[], page: OpenPage,
): Promise<{ readonly events: number; readonly found: readonly string[] }> {
  const dice = new Dice(seed)
  const xml = await readFile(modelFile, 'utf8')
  const shop = generateOrders({ orders: plan.orders, startTime: house.now(), seed, ordersPerDay: plan.ordersPerDay, commands: 'timely' })
  const traffic = send([...shop.arrivals()], `${house.api.url}/api/v1/events`, house.now, SCALE)
  const over = new AbortController()
  void traffic.done.then(() => over.abort())
  for (let number = 0; !over.signal.aborted; number++) {
    await pause(plan.pauseMs.least + dice.roll('pause', number) * (plan.pauseMs.most - plan.pauseMs.least))
    const mishap = plan.mishap(house, dice, number)
    if (mishap === undefined) break
    let thrown = 0
    await mishap.happen(house, () => dice.roll('share', number * 100 + thrown++))
    const began = Date.now()
    await house.hasRecovered().catch((error: unknown) => {
      throw new Error(`after: ${mishap.name}`, { cause: error })
    })
    happened.push({ name: mishap.name, recoveryMs: Date.now() - began })
  }
  await traffic.done
  await house.kill()
  await passAllDeadlines(house)
  await house.start()
  await commandsAreSettled(house)
  const shown = await page.mistakes()
  if (page.streams < 2 || page.messages === 0) shown.push(`a page that was open had ${page.streams} streams with ${page.messages} messages`)
  const { db, log, close } = await house.inspect()
  // A tracker that was given up may still bring in what its senders have brought to the next one meanwhile.
  const mayRepeat = house.ground === 'jetstream'
  const { acknowledged } = traffic
  const received = house.receiver.received.map(({ body }) => body)
  const found = await violations({ db, log, shop, xml, mayRepeat, acknowledged, received }).finally(close)
  return { events: acknowledged.size, found: [...traffic.refused.map((reason) => `an event was refused: ${reason}`), ...shown, ...found] }
}

/** The tracker is down: its log learns that long has passed, as it would if the house were quiet for so long. */
async function passAllDeadlines(house: FaultHouse): Promise<void> {
  const log = await house.openLog(() => house.now() + QUIET_MS)
  await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
  await log.close()
}

async function commandsAreSettled(house: FaultHouse): Promise<void> {
  await house.api.until('it is ready at the end', () => house.isReady())
  await house.api.settled()
  // What falls due in the quiet itself waits until the clock is there, which takes as long again, and then as long as nobody was there.
  // What a receiver has failed waits longer each time; a person would not wait for it either, and it may have more failures in store than one.
  const retriedAt = new Map<string, number>()
  await house.api.until('all commands are settled', async () => {
    for (const { id, attempts } of await openCommands(house, 'failed')) {
      if (retriedAt.get(id) === attempts) continue
      retriedAt.set(id, attempts)
      await house.api.retry(id)
    }
    return (await openCommands(house, 'scheduled,sending,failed')).length === 0
  }, async () => (
    JSON.stringify((await openCommands(house, 'scheduled,sending,failed')).slice(0, 3))
  ), 4 * (QUIET_MS / SCALE))
}

async function openCommands(house: FaultHouse, statuses: string): Promise<CommandSummary[]> {
  return (await house.api.get<Page<CommandSummary>>(`/commands?status=${statuses}`)).items
}
