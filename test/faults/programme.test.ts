/**
 * Everything that can go wrong around a tracker does, at moments that a seed chooses, on each of the grounds it can stand on. Two minutes of it
 * are part of the tests in CI, more by `npm run test:faults -- --seed S --minutes M`; `--kills tracker=200,postgres=50` counts instead. A seed that
 * found something becomes a test of its own.
 */
import { Dice } from '@tidemark/example-order-fulfilment'
import { expect, test } from 'vitest'
import { skipUnless } from '../support/requires.js'
import type { Ground } from './house.js'
import { boundOf, Counted, mixedRound, readCounts } from './plan.js'
import { playRound, type Round } from './round.js'

const SEED = process.env['TIDEMARK_FAULTS_SEED'] ?? 'tidemark'
const MINUTES = Number(process.env['TIDEMARK_FAULTS_MINUTES'] ?? 0.4)
const GROUNDS: readonly Ground[] = (process.env['TIDEMARK_FAULTS_GROUNDS'] ?? 'jetstream,embedded,postgres').split(',') as Ground[]
const KILLS = process.env['TIDEMARK_FAULTS_KILLS']
const ONLY = process.env['TIDEMARK_FAULTS_ONLY'] ?? ''
/** How much longer than on a quiet machine it may take until the tracker is ready again. */
const SLACK = Number(process.env['TIDEMARK_FAULTS_SLACK'] ?? 4)
/** A round has its orders' whole lives and the checks behind the time in which things go wrong. */
const AFTER_MS = 600_000

if (KILLS === undefined) {
  test(`nothing is lost, doubled or told wrongly in ${MINUTES} minutes of mishaps (seed ${SEED})`, async () => {
    const end = Date.now() + MINUTES * 60_000
    const rounds: Round[] = []
    for (let number = 0; number === 0 || Date.now() < end; number++) {
      const ground = GROUNDS[number % GROUNDS.length]!
      const round = await playRound(mixedRound(ground, end, ONLY), `${SEED}-${number}`)
      if (skipUnless(round !== undefined, `the servers of ${ground}`) || round === undefined) continue
      rounds.push(round)
      expectNothingWrong(round)
    }
    console.log(summaryOf(rounds))
  }, MINUTES * 60_000 + AFTER_MS)
} else {
  test(`nothing is lost, doubled or told wrongly, and it is soon ready again, after ${KILLS} (seed ${SEED})`, async () => {
    const rounds: Round[] = []
    const counted = new Counted(readCounts(KILLS), GROUNDS, new Dice(SEED))
    for (let [number, plan] = [0, counted.next()]; plan !== undefined; number++, plan = counted.next()) {
      const round = await playRound(plan, `${SEED}-${number}`)
      if (skipUnless(round !== undefined, `the servers of ${plan.ground}`) || round === undefined) {
        counted.giveUp(plan.ground)
        continue
      }
      if (round.happened.length === 0) counted.giveUp(plan.ground)
      counted.happened(plan.ground, round.happened.length)
      rounds.push(round)
      console.log(summaryOf(rounds))
      expectNothingWrong(round)
    }
  }, 24 * 3_600_000)
}

function expectNothingWrong({ ground, seed, events, happened, endedByItself, violations }: Round): void {
  const longest = Math.max(...happened.map(({ recoveryMs }) => recoveryMs))
  console.log(`${ground}, seed ${seed}: ${events} events, ${happened.length} mishaps, ready again within ${longest} ms${
    endedByItself.length === 0 ? '' : `; the tracker ended by itself: ${endedByItself.join(' | ')}`}`)
  expect.soft([events > 0, happened.length > 0]).toEqual([true, true])
  if (violations.length > 0) console.error(violations.join('\n'))
  expect.soft(violations, `${ground}, seed ${seed}, after: ${happened.map(({ name }) => name).join('; ')}`).toEqual([])
  const late = happened.filter(({ name, recoveryMs }) => recoveryMs > (boundOf(name) ?? Infinity) * SLACK)
  expect.soft(late, `${ground}, seed ${seed}: ready again too late`).toEqual([])
}

/** By mishap: how often, and how long until the tracker was ready again. */
function summaryOf(rounds: readonly Round[]): string {
  const recoveries = new Map<string, number[]>()
  for (const { name, recoveryMs } of rounds.flatMap(({ happened }) => happened)) recoveries.set(name, [...(recoveries.get(name) ?? []), recoveryMs])
  const lines = [...recoveries].sort().map(([name, times]) => {
    const sorted = times.sort((a, b) => a - b)
    const bound = boundOf(name)
    return `${String(sorted.length).padStart(5)} x ${name}: ready again after ${sorted[sorted.length >> 1]} ms, at worst ${sorted.at(-1)} ms${bound === undefined ? '' : ` (bound ${bound} ms)`}`
  })
  return [`${rounds.length} rounds, ${rounds.reduce((sum, { events }) => sum + events, 0)} events, ${rounds.flatMap(({ violations }) => violations).length} violations`, ...lines].join('\n')
}
