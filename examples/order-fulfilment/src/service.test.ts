import { describe, expect, test } from 'vitest'
import { SMOOTH_MIX } from './behaviour.js'
import { Bus } from './bus.js'
import type { CloudEvent } from './event.js'
import { Journal } from './journal.js'
import { Dice } from './random.js'
import type { World } from './service.js'
import { Service } from './service.js'
import { VirtualClock } from './virtual-clock.js'

const AN_HOUR = { least: 3_600_000, most: 3_600_000 }

describe('a service of the shop', () => {
  test('hears an event once, although the bus brings every one twice', () => {
    const { world, clock } = openWorld(1)
    const heard: string[] = []
    const listener = new Service('listener', world)
    listener.on('said', (event) => heard.push(event.id))
    const speaker = new Service('speaker', world)
    speaker.say('said', 'O-1', { orderId: 'O-1' }, { nth: 1 })
    speaker.say('said', 'O-1', { orderId: 'O-1' }, { nth: 2 })
    while (clock.step());
    expect(heard.sort()).toEqual(['O-1:said:1', 'O-1:said:2'])
  })

  test('drops its work on an order that is cancelled meanwhile, says so in the journal, and does the work of others', () => {
    const { world, clock } = openWorld()
    const done: string[] = []
    const worker = new Service('worker', world)
    for (const orderId of ['O-1', 'O-2']) worker.work('pack', orderId, AN_HOUR, () => done.push(orderId))
    new Service('order', world).say('order.cancelled', 'O-1', { orderId: 'O-1' })
    while (clock.step());
    expect(done).toEqual(['O-2'])
    expect(world.journal.of('O-1').filter(({ did }) => did === 'stopped')).toMatchObject([{ service: 'worker', note: 'pack' }])
  })

  test('stamps events by its own clock and journals the true time', () => {
    const { world, said } = openWorld()
    new Service('fast', world, 1_200_000).say('said', 'O-1', {})
    expect(said[0]?.time).toBe('1970-01-01T00:20:00.000Z')
    expect(world.journal.of('O-1')[0]?.time).toBe('1970-01-01T00:00:00.000Z')
  })

  function openWorld(busTwice = 0): { world: World; clock: VirtualClock; said: CloudEvent[] } {
    const clock = new VirtualClock(0)
    const dice = new Dice('test')
    const said: CloudEvent[] = []
    const outlet = { offer: ({ event }: { event: CloudEvent }) => void said.push(event) }
    return { world: { clock, dice, outlet, bus: new Bus(clock, dice, busTwice), journal: new Journal(), mix: SMOOTH_MIX }, clock, said }
  }
})
