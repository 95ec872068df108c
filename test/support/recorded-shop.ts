/**
 * A log as a live tracker leaves it: the demo's orders in their arrival order, day by day, and after each day what the tracker's own house
 * appended: commands that left and were settled, approvals, alerts. All in one process and without waiting, so that it is the same for a seed.
 */
import { readFile } from 'node:fs/promises'
import { DAY_MS, generateOrders, modelFile, type Arrival } from '@tidemark/example-order-fulfilment'
import { MemoryLog, type Draft } from '@tidemark/log'
import { commandEvent } from '../../apps/tracker/src/deliver/command-event.js'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { readClearing, readOpening } from '../../apps/tracker/src/store/deliver/alerts.js'
import { readLeaving } from '../../apps/tracker/src/store/deliver/commands.js'
import type { OperationEntry, SettlementEntry } from '../../apps/tracker/src/store/entries.js'
import { follow } from './follower.js'

export const START = Date.UTC(2026, 0, 5, 8)
const MANY = 1_000

export interface Recording {
  readonly seed: string
  readonly orders: number
  /** Days of the shop that are told of; the rest never happens. */
  readonly days: number
  /** `suggest` in place of the model's own mode: commands wait for a person, who approves most. */
  readonly mode?: 'suggest'
}

/** Leaves the tables as the live tracker had them at the end. */
export async function recordShop(db: Database, { seed, orders, days, mode }: Recording): Promise<MemoryLog> {
  const clock = { now: START }
  const log = new MemoryLog({ clock: () => clock.now })
  const xml = await readFile(modelFile, 'utf8')
  const mapping = mode === undefined ? undefined : `mode: ${mode}`
  await log.append([control('model', 'model', { xml, ...(mapping === undefined ? {} : { mapping }), by: 'test' })])
  const follower = await follow(db, log)
  try {
    for (const [day, arrivals] of byDay(generateOrders({ orders, startTime: START, seed, ordersPerDay: 40, commands: 'timely' }).arrivals(), days)) {
      for (const { at, event } of arrivals) {
        clock.now = at
        await log.append([eventDraft(event)])
      }
      clock.now = Math.max(clock.now, START + day * DAY_MS)
      await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
      await follower.settled()
      for (const house of [departures, settlements, approvals, alerts]) await log.append(await house(db, follower.progress.clock))
      await follower.settled()
    }
  } finally {
    await follower.stop()
  }
  return log
}

export function eventDraft(event: { readonly source: string; readonly id: string; readonly type: string; readonly time: string }): Draft {
  return { kind: 'event', subject: `event.${event.type}`, key: `${event.source}\0${event.id}`, time: Date.parse(event.time), payload: Buffer.from(JSON.stringify(event)) }
}

function control(kind: 'model' | 'operation' | 'settlement', subject: string, payload: object): Draft {
  return { kind, subject, payload: Buffer.from(JSON.stringify(payload)) }
}

const settle = (entry: SettlementEntry): Draft => control('settlement', `settlement.${entry.what}`, entry)

async function departures(db: Database, clock: number): Promise<Draft[]> {
  const leaving = await readLeaving(db, clock, MANY, 0)
  return leaving.map((command) => {
    const { id, model, key, element, cause } = command
    return settle({ what: 'commandLeft', command: id, model, key, element, cause, event: commandEvent(command) })
  })
}

/** Of what left before today; the last hex digit decides which services are down for good. */
async function settlements(db: Database): Promise<Draft[]> {
  const sending = await db.query<{ id: string; model: string; key: string }>(`select id, model, key from command where status = 'sending' order by id`)
  return sending.map(({ id, model, key }) => settle({ what: 'commandSettled', command: id, model, key, outcome: lastOf(id) < '2' ? 'dead' : 'delivered', attempts: 1 }))
}

function lastOf(id: string): string {
  return id.slice(-1)
}

async function approvals(db: Database): Promise<Draft[]> {
  const proposed = await db.query<{ id: string; model: string; key: string }>(`select id, model, key from command where status = 'proposed' order by id`)
  return proposed.map(({ id, model, key }) => {
    const entry: OperationEntry = { op: lastOf(id) < '4' ? 'rejectCommand' : 'approveCommand', command: id, model, key, by: 'Ada', comment: 'seen' }
    return control('operation', `operation.${entry.op}`, entry)
  })
}

async function alerts(db: Database, clock: number): Promise<Draft[]> {
  const opening = await readOpening(db, clock, MANY, 0)
  const clearing = await readClearing(db, MANY)
  return [
    ...opening.map(({ id, episode, ...about }) => settle({ what: 'alertOpened', alert: id, episode: episode + 1, ...about })),
    ...clearing.map(({ id, episode }) => settle({ what: 'alertCleared', alert: id, episode })),
  ]
}

function byDay(arrivals: Iterable<Arrival>, days: number): Map<number, Arrival[]> {
  const byDays = new Map<number, Arrival[]>(Array.from({ length: days }, (_, day) => [day + 1, []]))
  for (const arrival of arrivals) byDays.get(Math.floor((arrival.at - START) / DAY_MS) + 1)?.push(arrival)
  return byDays
}
