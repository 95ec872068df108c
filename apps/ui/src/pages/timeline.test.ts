import type { Instance, InstanceEvent } from '@tidemark/api'
import { describe, expect, it } from 'vitest'
import { readingText, timelineOf } from './timeline.js'

const event = (position: string, time: string, more: Partial<InstanceEvent> = {}): InstanceEvent => ({
  position,
  id: position,
  source: '/shop',
  type: `type.${position}`,
  time,
  appendTime: time,
  reading: 'fits',
  text: '',
  ...more,
})
const day = (n: number): string => `2026-01-0${n}T00:00:00.000Z`
const instance = (part: Partial<Instance>): Instance =>
  ({
    status: 'active',
    startedAt: day(1),
    events: [],
    visits: [],
    deviationList: [],
    ...part,
  }) as unknown as Instance

describe('the story of an instance', () => {
  it('is told in the order of event time, whatever the order of arrival', () => {
    const rows = timelineOf(instance({ events: [event('7', day(3)), event('9', day(1))] }))
    expect(rows.map(({ title }) => title)).toEqual(['type.9', 'type.7'])
  })

  it('tells items apart: what one has skipped another one may have passed', () => {
    const visit = { element: 'pack', name: 'Pack', entered: day(2), how: 'assumed' as const }
    const rows = timelineOf(
      instance({
        visits: [
          { ...visit, item: 'a' },
          { ...visit, item: 'b' },
        ],
        deviationList: [
          { kind: 'skipped', element: 'pack', name: 'Pack', at: day(2), count: 1, provisional: false, accepted: false, text: 'Pack was skipped', item: 'b' },
        ],
      }),
    )
    expect(rows.map(({ kind, title, item }) => `${kind} ${title} ${item}`)).toEqual(['assumed Pack a', 'skipped Pack b'])
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  })

  it('tells what was concluded without an event before the event that made it be concluded, and the end last', () => {
    const rows = timelineOf(
      instance({
        status: 'completed',
        endedAt: day(3),
        events: [event('1', day(1)), event('2', day(3), { element: 'ship' })],
        visits: [
          { element: 'wrap', name: 'Wrap', entered: day(3), how: 'assumed' },
          { element: 'pack', name: 'Pack', entered: day(3), how: 'assumed' },
          { element: 'ship', name: 'Ship', entered: day(3), how: 'observed' },
        ],
        deviationList: [
          {
            kind: 'skipped',
            element: 'pack',
            name: 'Pack',
            at: day(3),
            count: 1,
            provisional: false,
            accepted: false,
            text: 'Pack was skipped',
          },
        ],
      }),
    )
    expect(rows.map(({ kind, title }) => `${kind} ${title}`)).toEqual(['fits type.1', 'assumed Wrap', 'skipped Pack', 'fits type.2', 'end Completed'])
    expect(rows.at(-1)).toMatchObject({ title: 'Completed', text: '2 d after its start' })
  })

  it('says when an event came to the log long after its time, and keeps silent about moments', () => {
    const [quick, slow] = timelineOf(
      instance({
        events: [
          event('1', day(1), { appendTime: '2026-01-01T00:00:02.000Z' }),
          event('2', day(2), { appendTime: '2026-01-03T03:00:00.000Z' }),
        ],
      }),
    )
    expect(quick).not.toHaveProperty('arrived')
    expect(slow).toMatchObject({ arrived: 'arrived 1 d 3 h later' })
  })

  it('tells of a stay that a timer ended where it ended, and of a late arrival by the speed of the clock', () => {
    const [event1, timer] = timelineOf(
      instance({
        events: [event('1', day(1), { appendTime: '2026-01-01T09:00:00.000Z' })],
        visits: [{ element: 'all', name: 'Fulfil', entered: day(1), left: day(9), how: 'timer' }],
      }),
      86_400,
    )
    expect(event1).not.toHaveProperty('arrived')
    expect(timer).toMatchObject({ at: day(9), text: 'Left because a timer of the model fired.' })
  })

  it('does not tell of a stay that was cut off as of a timer of its own', () => {
    const rows = timelineOf(
      instance({
        visits: [
          { element: 'pack', name: 'Pack', entered: day(1), left: day(9), how: 'timer', interrupted: true },
          { element: 'late', name: '21 days', entered: day(9), left: day(9), how: 'timer' },
        ],
      }),
    )
    expect(rows.map(({ title }) => title)).toEqual(['21 days'])
  })

  it('keeps silent about late arrivals where the whole story was brought in long after it', () => {
    const rows = timelineOf(instance({ events: [1, 2, 3].map((at) => event(String(at), day(at), { appendTime: '2026-06-01T00:00:00.000Z' })) }))
    expect(rows.filter(({ arrived }) => arrived !== undefined)).toEqual([])
  })

  it('uses the sentence of the tracker, and has its own where there is none', () => {
    const [told, own] = timelineOf(
      instance({ events: [event('1', day(1), { text: 'As told.' }), event('2', day(2), { elementName: 'Pack', phase: 'end' })] }),
    )
    expect(told!.text).toBe('As told.')
    expect(own!.text).toBe('Read as the end of “Pack”, as the model expects.')
  })
})

it.each([
  [{ reading: 'fits', elementName: 'Pay' }, 'Read as “Pay”, as the model expects.'],
  [{ reading: 'redeemed', elementName: 'Pay' }, 'Read as “Pay”, which had been taken as missing: it came out of order.'],
  [{ reading: 'deviates', element: 'Task_1', phase: 'start' }, 'Read as the start of “Task_1”, which the model does not allow here.'],
  [{ reading: 'deviates' }, 'It has no place in the model.'],
  [{ reading: 'noted' }, 'Kept with the instance; it moves nothing.'],
] as const)('reads %o in words', (part, text) => expect(readingText(part)).toBe(text))
