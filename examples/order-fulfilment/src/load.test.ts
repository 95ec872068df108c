import { describe, expect, test } from 'vitest'
import type { Misfortune } from './behaviour.js'
import { DEFAULT_MIX, misfortuneOf, SMOOTH_MIX } from './behaviour.js'
import { DAY_MS } from './clock.js'
import type { CloudEvent } from './event.js'
import type { OrderRun } from './load.js'
import { generateOrders } from './load.js'
import { outcomeOf } from './outcome.js'
import { Dice } from './random.js'

const startTime = '2026-01-05T08:00:00Z'
const STRAIGHT = [
  'order.placed', 'payment.received', 'goods.reserved', 'goods.packed', 'invoice.issued', 'shipment.dispatched', 'shipment.delivered',
  'order.completed',
]

describe('a run of the shop on the virtual clock', () => {
  test('is the same every time for a seed, and another for another seed', () => {
    const run = (seed: string): string =>
      JSON.stringify([...generateOrders({ orders: 200, startTime, seed, commands: 'timely' }).arrivals()])
    expect(run('a')).toBe(run('a'))
    expect(run('a')).not.toBe(run('b'))
  })

  test('brings every order to the end that its misfortune allows', () => {
    const { run, seed } = finished(2_000)
    const ends = new Set<string>()
    for (const orderId of run.journal.orderIds()) {
      const misfortune = misfortuneOf(new Dice(seed), DEFAULT_MIX, orderId)
      const { end, steps, untold } = outcomeOf(run.journal, orderId)
      const isHopeless = misfortune === 'packingForgotten' || misfortune === 'paymentSilent'
      const isKnownOutside = !untold.includes(`${orderId}:order.placed`)
      expect({ orderId, end }).toEqual({ orderId, end: isHopeless ? (isKnownOutside ? 'cancelled' : 'stuck') : 'completed' })
      if (!isHopeless) for (const step of STRAIGHT) expect(steps.filter((type) => type === step)).toEqual([step])
      ends.add(`${misfortune ?? 'none'}: ${end}`)
    }
    expect([...ends].sort()).toEqual([
      'goodsMissing: completed', 'none: completed', 'packedLate: completed', 'packingForgotten: cancelled', 'paymentFails: completed',
      'paymentSilent: cancelled',
    ])
  })

  test('has about as many of each misfortune as was asked for', () => {
    const count: Partial<Record<Misfortune | 'none', number>> = {}
    for (let order = 0; order < 20_000; order++) {
      const misfortune = misfortuneOf(new Dice('any'), DEFAULT_MIX, `O-${order}`) ?? 'none'
      count[misfortune] = (count[misfortune] ?? 0) + 1
    }
    for (const [misfortune, share] of Object.entries({ paymentFails: 0.08, goodsMissing: 0.06, packedLate: 0.01, none: 0.81 })) {
      expect(Math.abs((count[misfortune as Misfortune] ?? 0) / 20_000 - share), misfortune).toBeLessThan(0.01)
    }
  })

  test('goes through the steps in an order that the work allows', () => {
    const { run } = finished(500)
    for (const orderId of run.journal.orderIds()) {
      const { steps } = outcomeOf(run.journal, orderId)
      const at = (type: string): number => steps.indexOf(type) < 0 ? Infinity : steps.indexOf(type)
      expect(at('order.placed')).toBe(0)
      expect(at('payment.received')).toBeLessThanOrEqual(at('goods.reserved'))
      expect(Math.max(at('goods.packed'), at('invoice.issued'))).toBeLessThanOrEqual(at('shipment.dispatched'))
      expect(steps.filter((type) => type === 'payment.failed').length).toBe(steps.filter((type) => type === 'payment.retried').length)
    }
  })

  test('tells the outside of each event as often as the journal says, and never with other content under one id', () => {
    const { run, events } = finished(1_000)
    const copies = new Map<string, string[]>()
    for (const event of events) copies.set(event.id, [...copies.get(event.id) ?? [], JSON.stringify(event)])
    for (const entry of run.journal.orderIds().flatMap((orderId) => run.journal.of(orderId))) {
      const expected = entry.did === 'withheld' ? 0 : entry.did === 'repeated' ? 2 : entry.did === 'delayed' ? 1 : undefined
      if (expected !== undefined) expect(copies.get(entry.eventId!)?.length ?? 0, `${entry.did} ${entry.eventId}`).toBe(expected)
    }
    for (const same of copies.values()) expect(new Set(same).size).toBe(1)
    expect(events.length).toBeGreaterThan(7_000)
  })

  test('lets the carrier tell the shipment and not the order, by a clock that is fast', () => {
    const [event] = finished(20).events.filter(({ type }) => type === 'shipment.delivered')
    expect(event?.data).not.toHaveProperty('orderId')
    expect(event?.subject).toBe(event?.data['shipmentId'])

    const run = generateOrders({ orders: 5, startTime, mix: { ...SMOOTH_MIX, shipmentSkewMs: 20 * 60_000 } })
    for (const { at, service, event } of run.arrivals()) {
      expect(Date.parse(event.time) - at).toBe(service === 'shipment' ? 20 * 60_000 : 0)
    }
  })

  test('says nothing of an order after its cancellation but what was said before and comes late', () => {
    const { run } = finished(2_000)
    let cancelled = 0
    for (const orderId of run.journal.orderIds()) {
      const said = run.journal.of(orderId).filter(({ did }) => did === 'emitted')
      const at = said.findIndex(({ type }) => type === 'order.cancelled')
      if (at < 0) continue
      cancelled++
      expect(said.slice(at + 1)).toEqual([])
      expect(said[at]?.commandId).toBe(`${orderId}:order.cancel`)
    }
    expect(cancelled).toBeGreaterThan(50)
  })

  test('leaves orders stuck where nobody commands, and obeys a command given while it runs', () => {
    const run = generateOrders({ orders: 5, startTime, ordersPerDay: 1, mix: { ...SMOOTH_MIX, packingForgotten: 1 } })
    const cancelledBy: (string | undefined)[] = []
    for (const event of run) {
      if (event.id === 'O-1002:invoice.issued') {
        const command = { id: 'c1', type: 'order.cancel', orderId: 'O-1002', data: { reason: 'enough' } }
        expect(run.command('order', command)).toEqual({ accepted: true, isRepeat: false })
        expect(run.command('order', command)).toEqual({ accepted: true, isRepeat: true })
      }
      if (event.type === 'order.cancelled') cancelledBy.push(event.causationid)
    }
    expect(cancelledBy).toEqual(['c1'])
    expect(run.journal.orderIds().map((orderId) => outcomeOf(run.journal, orderId).end)).toEqual(
      ['stuck', 'cancelled', 'stuck', 'stuck', 'stuck'])
  })

  test('keeps a smooth order within a week, and one packed late between the fortnight and the third week', () => {
    const daysOf = (mix: object): number[] => {
      const run = generateOrders({ orders: 300, startTime, mix: { ...SMOOTH_MIX, ...mix } })
      for (const event of run) void event
      return run.journal.orderIds().map((orderId) => {
        const { placedAt, endedAt } = outcomeOf(run.journal, orderId)
        return (Date.parse(endedAt!) - Date.parse(placedAt!)) / DAY_MS
      })
    }
    expect(Math.max(...daysOf({}))).toBeLessThan(7)
    const late = daysOf({ packedLate: 1 })
    expect(Math.min(...late)).toBeGreaterThan(14)
    expect(Math.max(...late)).toBeLessThan(21)
  })
})

function finished(orders: number): { readonly run: OrderRun; readonly events: readonly CloudEvent[]; readonly seed: string } {
  const seed = 'test'
  const run = generateOrders({ orders, startTime, seed, commands: 'timely' })
  return { run, events: [...run], seed }
}
