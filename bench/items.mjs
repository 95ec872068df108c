/**
 * Items of a parallel sub-process that overlap: followed with an item key (each a run of its own) and without one (tokens on shared places), over the same
 * events in one run. Says how many beliefs there are, what a step costs that is taken for the first time, and how many false deviations there are.
 * `node bench/items.mjs [instances]`, after a build.
 */
import { contextFor, factOf, processOf, START } from '../libs/bpmn/dist/testing/scenario.js'
import { randomOf, walkOf } from '../libs/bpmn/dist/testing/walk.js'
import { TrackedModel } from '../libs/bpmn/dist/track/tracked-model.js'
import { Unit } from '../libs/bpmn/dist/track/unit.js'

const instances = Number(process.argv[2] ?? 20)
const message = { trigger: { kind: 'message' } }
/** Two branches, one with a choice, then one or both of two steps. */
const inside = ['and1', 'a', 'b', 'xor1', 'c', 'd', 'xor2', 'and2', 'or1', 'e', 'f', 'or2', 'g', 'endIn']
const flows = (start) => [`${start} > and1 > a > xor1 > c > xor2 > and2`, 'xor1 > d > xor2', 'and1 > b > and2', 'and2 > or1 > e > or2', 'or1 > f > or2', 'or2 > g > endIn']
const within = (parent) => Object.fromEntries(inside.map((id) => [id, parent]))
const order = (more) => processOf({
  elements: { start: message, sub: { kind: 'subProcess', loop: { kind: 'parallel' }, ...more }, startIn: { parent: 'sub' }, ...within({ parent: 'sub' }), z: {}, end: {} },
  flows: ['start > sub > z > end', ...flows('startIn')],
})
const onePass = processOf({ elements: { start: message, ...within({}) }, flows: flows('start') })

/** Milliseconds of each step that is not in the table yet. */
function timed({ table }, times) {
  const observe = table.observe.bind(table)
  table.observe = (belief, symbol, repeated) => {
    const [known, begun] = [belief.steps.size, performance.now()]
    const step = observe(belief, symbol, repeated)
    if (belief.steps.size > known) times.push(performance.now() - begun)
    return step
  }
}

function follower(process) {
  const model = new TrackedModel(process)
  const parts = [model, ...[...model.itemsAt.values()].map((items) => items.model)]
  const times = []
  for (const part of parts) timed(part, times)
  let deviations = 0
  return {
    follow(events) {
      const unit = new Unit(contextFor(model), 'k')
      unit.add(events.map(([type, item], index) => factOf(process, BigInt(index + 1), type, START + index * 60_000, { item })))
      deviations += unit.view(START + 1e10).flatMap(({ view }) => view.deviations).length
    },
    told() {
      const sorted = times.toSorted((a, b) => a - b)
      const at = (share) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2)
      return `${parts.reduce((sum, { table }) => sum + table.size, 0)} beliefs, first steps ${at(0.5)} ms (median), ${at(0.99)} ms (p99), ${deviations} false deviations`
    },
  }
}

for (const items of [2, 4, 8]) {
  const random = randomOf(7)
  const [keyed, shared] = [follower(order({ itemKey: 'data.item' })), follower(order({}))]
  for (let instance = 0; instance < instances; instance++) {
    const walks = Array.from({ length: items }, (_, item) => walkOf(onePass, random).events.slice(1).map(({ type }) => [type, `i${item}`]))
    const events = [['start']]
    for (let open = walks.filter((walk) => walk.length > 0); open.length > 0; open = open.filter((walk) => walk.length > 0)) {
      events.push(open[Math.floor(random() * open.length)].shift())
    }
    events.push(['z'])
    for (const each of [keyed, shared]) each.follow(events)
  }
  console.log(`${items} items, with a key:    ${keyed.told()}\n${items} items, without one: ${shared.told()}`)
}
