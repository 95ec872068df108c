import { expect, test } from 'vitest'
import { Dice } from './random.js'
import { VirtualClock } from './virtual-clock.js'

test('appointments are kept in order of time, and in order of making where times are equal', () => {
  const clock = new VirtualClock(100)
  const dice = new Dice('clock')
  const made = Array.from({ length: 1_000 }, (_, nth) => ({ nth, at: 100 + dice.between(0, 200, nth) }))
  const kept: { nth: number; at: number }[] = []
  for (const { nth, at } of made) clock.after(at - 100, () => kept.push({ nth, at: clock.now() }))
  while (clock.step());
  expect(kept).toEqual([...made].sort((a, b) => a.at - b.at || a.nth - b.nth))
})

test('an appointment made while another is kept is kept as well', () => {
  const clock = new VirtualClock(0)
  const times: number[] = []
  const again = (): void => {
    times.push(clock.now())
    if (times.length < 4) clock.after(10, again)
  }
  clock.after(5, again)
  while (clock.step());
  expect(times).toEqual([5, 15, 25, 35])
})
