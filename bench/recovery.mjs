/**
 * How often the events that are expected next are right after a fault, per kind of model and per reader, in percent of the positions behind the fault:
 * `npm run build:server && node bench/recovery.mjs [models per mix] [mix]`.
 *
 * Readers: *tracker*, as it is; *unbounded*, the same costs with hardly any bound on window, search and beam; *exact*, all alignments with the fewest
 * deviations; *best*, one that knows how walks and
 * faults are made, but not which fault it was, and says what is likeliest (Bayes): nobody who sees the same can do better; *told*, one that is told which fault it was.
 */
import { BeliefTable } from '../libs/bpmn/dist/track/belief.js'
import { TRACKING } from '../libs/bpmn/dist/track/costs.js'
import { TrackedModel } from '../libs/bpmn/dist/track/tracked-model.js'
import { Explanations } from '../libs/bpmn/dist/testing/explanations.js'
import { disturb, FAULTS } from '../libs/bpmn/dist/testing/faults.js'
import { modelOf } from '../libs/bpmn/dist/testing/models.js'
import { Player } from '../libs/bpmn/dist/testing/player.js'
import { labelsFor } from '../libs/bpmn/dist/testing/scenario.js'
import { treeOf } from '../libs/bpmn/dist/testing/trees.js'
import { randomOf, walkOf } from '../libs/bpmn/dist/testing/walk.js'

const SIZE = [5, 10, 15]
/** Weights of process trees: mixes close to what people draw, such that differ by their share of parallel blocks, and the default of common generators. */
const MIXES = {
  'as drawn': { sequence: 0.45, choice: 0.2, parallel: 0.2, loop: 0.15, silent: 0, tasks: SIZE },
  'as drawn, 1/4 silent': { sequence: 0.45, choice: 0.2, parallel: 0.2, loop: 0.15, silent: 0.25, tasks: SIZE },
  'parallel 0': { sequence: 0.5, choice: 0.3, parallel: 0, loop: 0.2, silent: 0, tasks: SIZE },
  'parallel 0.1': { sequence: 0.5, choice: 0.25, parallel: 0.1, loop: 0.15, silent: 0, tasks: SIZE },
  'parallel 0.3': { sequence: 0.4, choice: 0.15, parallel: 0.3, loop: 0.15, silent: 0, tasks: SIZE },
  'sequential': { sequence: 0.7, choice: 0.15, parallel: 0.1, loop: 0.05, silent: 0.1, tasks: SIZE },
  'all alike, 1/4 silent': { sequence: 0.25, choice: 0.25, parallel: 0.25, loop: 0.25, silent: 0.25, tasks: SIZE },
}
const HORIZON = 15
/** That the fault happens here and not later, where it has not been: a tenth. */
const HAZARD = 0.1
const DEVIATIONS = { none: 0, drop: 1, dropTwo: 2, dropThree: 3, dropFour: 4, swap: 2, duplicate: 1, stray: 1 }
const UNBOUNDED = { ...TRACKING, window: 14, search: 20, beam: 5_000 }
const models = Number(process.argv[2] ?? 200)
const only = process.argv[3]
const READERS = ['tracker', 'unbounded', 'exact', 'best', 'told']

function measure(name, mix) {
  const faults = ['none', ...FAULTS]
  const counts = Object.fromEntries(faults.map((fault) => [fault, { all: 0, shown: 0, knowable: 0, right: {}, shownRight: {}, knownRight: {} }]))
  let skipped = 0
  for (let seed = 0; seed < models; seed++) {
    const random = randomOf(seed * 7919 + 1)
    const process = modelOf(treeOf(mix, random))
    for (const fault of faults) {
      try {
        follow(process, fault, randomOf(seed * 7919 + 2), counts[fault])
      } catch (error) {
        if (!String(error).includes('too wide')) throw error
        skipped++
      }
    }
  }
  console.log(`\n${name}${skipped > 0 ? ` (${skipped} too wide for the token player)` : ''}`)
  console.log(`  fault         positions  shown | of all: ${READERS.join(', ')} | of those where it shows: tracker | where exact decides: share, tracker`)
  for (const fault of faults) {
    const count = counts[fault]
    const percent = (part, whole) => ((100 * (part ?? 0)) / whole).toFixed(1).padStart(6)
    console.log(`  ${fault.padEnd(12)} ${String(count.all).padStart(9)} ${percent(count.shown, count.all)} | ${READERS.map((reader) => percent(count.right[reader], count.all)).join(' ')} | ${
      percent(count.shownRight.tracker, count.shown)} | ${percent(count.knowable, count.all)} ${percent(count.knownRight.tracker, count.knowable)}`)
  }
}

function follow(process, fault, random, count) {
  const walk = walkOf(process, random, 30)
  const types = process.elements.flatMap((element) => element.bindings.map((binding) => binding.event))
  const { events, over } = fault === 'none' ? { events: walk.events, over: 0 } : disturb(walk.events, fault, random, types)
  const model = new TrackedModel(process)
  const player = new Player(process)
  const exact = new Explanations(player)
  const best = new Best(player, FAULTS, process)
  const told = new Best(player, fault === 'none' ? [] : [fault], process)
  const tables = { tracker: model.table, unbounded: new BeliefTable(model.net, UNBOUNDED) }
  const beliefs = { tracker: tables.tracker.initial(), unbounded: tables.unbounded.initial() }
  const seen = new Set()
  const expectedAt = (markings) => [...new Set(markings.flatMap((tokens) => player.enabled(tokens).map((move) => move.label)))].sort().join()
  let costs = 0
  for (const [index, event] of events.entries()) {
    if (index >= over + HORIZON) break
    const labels = labelsFor(process, event.type)
    for (const reader of ['tracker', 'unbounded']) {
      const step = tables[reader].observe(beliefs[reader], tables[reader].symbol(labels), seen.has(event.type))
      beliefs[reader] = step.next
      if (reader === 'tracker') costs += step.cost
    }
    seen.add(event.type)
    exact.observe(labels, DEVIATIONS[fault])
    best.observe(labels)
    told.observe(labels)
    if (index < over || event.tokens === '') continue
    const truth = expectedAt([event.tokens])
    const free = (belief) => [...new Set(belief.hypotheses.filter(({ cost }) => cost === 0).flatMap(({ marking }) => model.expectedAfter(marking)))].sort().join()
    const said = { tracker: free(beliefs.tracker), unbounded: free(beliefs.unbounded), exact: expectedAt(exact.cheapest), best: best.likeliest(expectedAt), told: told.likeliest(expectedAt) }
    const isShown = said.tracker === truth || costs > 0
    const isKnowable = said.exact === truth
    count.all++
    if (isShown) count.shown++
    if (isKnowable) count.knowable++
    for (const reader of READERS) {
      if (said[reader] !== truth) continue
      count.right[reader] = (count.right[reader] ?? 0) + 1
      if (isShown) count.shownRight[reader] = (count.shownRight[reader] ?? 0) + 1
      if (isKnowable) count.knownRight[reader] = (count.knownRight[reader] ?? 0) + 1
    }
  }
}

/**
 * How likely each state of a walk is, by what was seen. Walks take each step that is possible with the same probability; the fault happens once, at each place
 * alike. A state is where the tokens are, whether the fault has been (`over`), and what it has yet to show (`owed`).
 */
class Best {
  #states
  #player
  #faults
  #strays

  constructor(player, faults, process) {
    this.#player = player
    this.#faults = faults
    this.#strays = process.elements.flatMap((element) => element.bindings.map((binding) => `${element.id}\0${binding.phase}`))
    this.#states = new Map([[`false|${player.settled(player.initial)}|`, 1]])
  }

  observe(labels) {
    const next = new Map()
    const add = (over, tokens, owed, share) => {
      const key = `${over}|${tokens}|${owed}`
      next.set(key, (next.get(key) ?? 0) + share)
    }
    for (const [key, share] of this.#states) {
      const [over, tokens, owed] = key.split('|')
      if (owed !== '') {
        if (owed === '*' || labels.includes(owed)) add(true, tokens, '', owed === '*' ? share / this.#strays.length : share)
        continue
      }
      for (const [reached, part] of this.#seen(tokens, labels)) add(over, reached, '', share * part)
      if (over === 'false') for (const fault of this.#faults) this.#err(fault, tokens, labels, (share * HAZARD) / this.#faults.length, add)
    }
    const sum = [...next.values()].reduce((a, b) => a + b, 0)
    this.#states = new Map([...next].map(([key, share]) => [key, share / sum]))
  }

  /** What is expected in the likeliest states, those that expect the same taken together. */
  likeliest(expectedAt) {
    const sets = new Map()
    for (const [key, share] of this.#states) {
      const expected = expectedAt([key.split('|')[1]])
      sets.set(expected, (sets.get(expected) ?? 0) + share)
    }
    return [...sets].sort((a, b) => b[1] - a[1])[0]?.[0]
  }

  /** The fault, at this event. */
  #err(fault, tokens, labels, share, add) {
    const lost = { drop: 1, dropTwo: 2, dropThree: 3, dropFour: 4 }[fault] ?? 0
    if (lost > 0) {
      let unseen = new Map([[tokens, 1]])
      for (let count = 0; count < lost; count++) unseen = this.#anywhere(unseen)
      for (const [from, part] of unseen) for (const [reached, more] of this.#seen(from, labels)) add(true, reached, '', share * part * more)
      return
    }
    // What comes out of place comes behind an event of its own.
    if (fault === 'duplicate') for (const [reached, part] of this.#seen(tokens, labels)) add(true, reached, labels[0], share * part)
    if (fault === 'stray') for (const [reached, part] of this.#seen(tokens, labels)) add(true, reached, '*', share * part)
    if (fault === 'swap') {
      const first = this.#player.enabled(tokens)
      for (const move of first) {
        const between = this.#player.settled(move.next)
        for (const [reached, part] of this.#seen(between, labels)) add(true, reached, move.label, (share * part) / first.length)
      }
    }
  }

  #seen(tokens, labels) {
    const moves = this.#player.enabled(tokens)
    return moves.filter((move) => labels.includes(move.label)).map((move) => [this.#player.settled(move.next), 1 / moves.length])
  }

  #anywhere(states) {
    const next = new Map()
    for (const [tokens, share] of states) {
      const moves = this.#player.enabled(tokens)
      for (const move of moves) {
        const reached = this.#player.settled(move.next)
        next.set(reached, (next.get(reached) ?? 0) + share / moves.length)
      }
    }
    return next
  }
}

for (const [name, mix] of Object.entries(MIXES)) if (only === undefined || only === name) measure(name, mix)
