/**
 * Everything that can go wrong around a tracker does, at moments that a seed chooses, on each of the grounds it can stand on. Two minutes of it
 * are part of the tests in CI, more by `npm run test:faults -- --seed S --minutes M`. A seed that found something becomes a test of its own.
 */
import { expect, test } from 'vitest'
import { skipUnless } from '../support/requires.js'
import type { Ground } from './house.js'
import { playRound } from './round.js'

const SEED = process.env['TIDEMARK_FAULTS_SEED'] ?? 'tidemark'
const MINUTES = Number(process.env['TIDEMARK_FAULTS_MINUTES'] ?? 0.4)
const GROUNDS: readonly Ground[] = (process.env['TIDEMARK_FAULTS_GROUNDS'] ?? 'jetstream,embedded,postgres').split(',') as Ground[]
/** A round has its orders' whole lives and the checks behind the time in which things go wrong. */
const AFTER_MS = 600_000

test(`nothing is lost, doubled or told wrongly in ${MINUTES} minutes of mishaps (seed ${SEED})`, async () => {
  const end = Date.now() + MINUTES * 60_000
  for (let number = 0; number === 0 || Date.now() < end; number++) {
    const ground = GROUNDS[number % GROUNDS.length]!
    const seed = `${SEED}-${number}`
    const round = await playRound(ground, seed, end)
    if (skipUnless(round !== undefined, `the servers of ${ground}`) || round === undefined) continue
    console.log(`${ground}, seed ${seed}: ${round.events} events, ${round.happened.length} mishaps, ready again within ${round.longestRecoveryMs} ms${
      round.endedByItself.length === 0 ? '' : `; the tracker ended by itself: ${round.endedByItself.join(' | ')}`}`)
    expect([round.events > 0, round.happened.length > 0]).toEqual([true, true])
    expect(round.violations, `${ground}, seed ${seed}, after: ${round.happened.join('; ')}`).toEqual([])
  }
}, MINUTES * 60_000 + AFTER_MS)
