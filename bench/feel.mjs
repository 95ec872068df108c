/**
 * What an expression costs: key paths and plain conditions, which need no interpreter, beside the same through the interpreter of FEEL, in one
 * run. `node bench/feel.mjs [seconds]`, after a build.
 */
import { evaluate } from 'feelin'
import { Binder, compileExpression } from '../libs/bpmn/dist/index.js'

const seconds = Number(process.argv[2] ?? 1)
const event = { id: '1', source: '/shop', type: 'paid', time: 0, data: { order: { id: 'A-1' }, total: 120, state: 'paid', items: [{ price: 3 }, { price: 7 }] } }
const context = { ...event }

/** Calls a second, of the best of three stretches. */
function rate(call) {
  let best = 0
  for (let stretch = 0; stretch < 3; stretch++) {
    let calls = 0
    const until = performance.now() + (seconds * 1000) / 3
    const begun = performance.now()
    while (performance.now() < until) for (let index = 0; index < 100; index++, calls++) call()
    best = Math.max(best, (calls * 1000) / (performance.now() - begun))
  }
  return best
}

const binder = (key, filter) => new Binder({
  id: 'p', name: '', flows: [], mode: 'observe', tolerance: 'PT0S', grace: 'PT0S', maxGrace: 'PT0S', zone: 'UTC', effectsMaxAge: 'P1D', unexpected: [], accepted: [],
  keys: [{ name: 'order', value: key }],
  elements: [{ id: 'a', name: 'a', kind: 'task', incoming: [], outgoing: [], bindings: [{ event: 'paid', phase: 'end', from: 'mapping', ...(filter === undefined ? {} : { filter }) }] }],
})
const [path, feelKey, filtered, feelFiltered] = [binder('data.order.id'), binder('=data.order.id + ""'), binder('data.order.id', 'data.total > 100'), binder('data.order.id', 'data.total + 0 > 100')]
const rows = [
  ['a key by path', () => path.bind(event), 'a key by FEEL', () => feelKey.bind(event)],
  ['a plain filter', () => filtered.bind(event), 'a filter that needs FEEL', () => feelFiltered.bind(event)],
  ['total > 100 and state = "paid"', plain('data.total > 100 and data.state = "paid"'), 'the same in the interpreter', () => evaluate('data.total > 100 and data.state = "paid"', context)],
]
function plain(text) {
  const expression = compileExpression(text)
  return () => expression.evaluate(context)
}
for (const [fast, quick, slow, long] of rows) {
  const [a, b] = [rate(quick), rate(long)]
  console.log(`${fast}: ${Math.round(a).toLocaleString('en')}/s; ${slow}: ${Math.round(b).toLocaleString('en')}/s; ratio ${Math.round(a / b)}`)
}
