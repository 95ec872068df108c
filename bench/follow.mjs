/**
 * What following costs, beside a plain Map look-up loop over the same events in the same run: `npm run build:server && node bench/follow.mjs`.
 *
 * Takes the real logs beside the checkout where they are there, else cases generated from a model of our own. One core, in memory; each log in a
 * process of its own, so that none pays for what the collector has to look through of another. `node bench/follow.mjs receipt` takes one.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gunzipSync } from 'node:zlib'
import { Binder, FactPacker, labelOf, readProcesses, TrackedModel, Unit } from '../libs/bpmn/dist/index.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

const NOISE = 0.1
const WAITING = 20_000
const RUN_MS = 1_500
/** Deadlines that every waiting instance has. */
const PATIENCE = { stuckAfter: 'P7D', sla: { duration: 'P30D', severity: 'warning' } }
const folder = resolve(import.meta.dirname, '../../shared/data/logs')
const logs = [['fines.bpmn', 'RTFMP.xes.gz'], ['receipt.bpmn', 'receipt.xes.gz'], ['sepsis.bpmn', 'SEPSIS.xes.gz']]
const only = process.argv[2]
let state = 1
/** Keeps what is asked for from being optimised away. */
let read = 0

if (existsSync(folder)) {
  for (const [model, log] of logs) {
    if (only === undefined) spawnSync(process.execPath, [import.meta.filename, log], { stdio: 'inherit' })
    else if (log.startsWith(only)) await bench(log, readFileSync(resolve(folder, model)), readLog(resolve(folder, log)))
  }
} else {
  console.log('The folder of real logs is not there: cases of a sequence of eight tasks, generated.')
  await bench('generated', sequenceModel(8), Array.from({ length: 20_000 }, (_, index) => generated(index, 8)))
}

async function bench(name, bpmn, cases) {
  const { processes: [drawn] } = await readProcesses(bpmn)
  const model = { ...drawn, tolerance: 'PT0S', ...PATIENCE }
  const noisy = cases.map((one) => ({ ...one, events: one.events.filter(() => random() > NOISE / 2).flatMap((event) => (random() < NOISE / 2 ? [event, event] : [event])) }))
  console.log(`\n${name}`)
  const labels = labeller(model)
  const all = cases.map((one) => factsOf(one, labels))
  const noise = noisy.map((one) => factsOf(one, labels))
  const fit = fitting(new TrackedModel(model), all)
  const plain = rate(all, mapLoop())
  print('plain Map look-up loop', plain, plain)
  firstSteps(new TrackedModel(model), noise)
  for (const [kind, facts] of [[`${fit.length} of ${all.length} cases, without deviations`, fit], ['all cases with 10 % noise', noise]]) {
    const tracked = new TrackedModel(model)
    console.log(`  ${kind}`)
    print('event by event, a view after each', rate(facts, follow(tracked, 'event')), plain)
    print('case by case, one view', rate(facts, follow(tracked, 'case')), plain)
    print('folded, no view', rate(facts, follow(tracked, 'none')), plain)
    print('bare step of the belief table', rate(facts, steps(tracked, facts)), plain)
  }
  heap(new TrackedModel(model), all)
}

function fitting(model, cases) {
  const context = contextOf(model)
  return cases.filter((facts) => {
    const unit = new Unit(context, facts[0]?.key)
    unit.add(facts)
    return unit.view(facts.at(-1)?.appendTime ?? 0).every(({ view }) => view.deviations.length === 0)
  })
}

/** The least that anything that keeps state per case can do. */
function mapLoop() {
  const state = new Map()
  return (facts) => {
    for (const fact of facts) state.set(fact.key, (state.get(fact.key) ?? 0) + 1)
  }
}

/** The whole of it: readings, variables, deadlines after each event, and at the end the way that the case took. */
function follow(model, views) {
  const context = contextOf(model)
  return (facts) => {
    const unit = new Unit(context, facts[0]?.key)
    if (views === 'event') {
      for (const fact of facts) {
        unit.add([fact])
        for (const { view } of unit.view(fact.appendTime)) read += view.tokens.length + view.deadlines.length + view.deviations.length + (view.nextAt ?? 0) + (view.late ? 1 : 0)
      }
    } else unit.add(facts)
    if (views !== 'none') for (const { view } of unit.view(facts.at(-1)?.appendTime ?? 0)) read += view.flows.length + view.visits.size + view.durations.length + view.events.length
  }
}

/** Nothing but steps: what an event means in the model is found before, and lies so that it is not the memory that is measured. */
function steps(model, all) {
  const symbols = [...new Set(all.flat().map((fact) => model.table.symbol(fact.labels[1])))]
  const prepared = all.map((facts) => facts.map((fact) => symbols.indexOf(model.table.symbol(fact.labels[1]))))
  const meant = Uint16Array.from(prepared.flat())
  let at = 0
  return (facts) => {
    let belief = model.table.initial()
    for (const end = at + facts.length; at < end; at++) belief = model.table.observe(belief, symbols[meant[at]], false).next
    if (at === meant.length) at = 0
  }
}

/** Processor time, so that neighbours do not count, the collector's included; until it took long enough to mean something, after one round to warm up. */
function rate(cases, one) {
  for (const facts of cases) one(facts)
  let [events, spent] = [0, 0]
  while (spent < RUN_MS) {
    const begun = process.cpuUsage()
    for (const facts of cases) {
      one(facts)
      events += facts.length
    }
    const { user, system } = process.cpuUsage(begun)
    spent += (user + system) / 1_000
  }
  return (events / spent) * 1_000
}

/** How long a step takes that nobody has taken before: processor time. The language's own compiler is warm, as in a tracker that has run for a minute. */
function firstSteps(model, all) {
  const took = []
  for (const [round, tracked] of [new TrackedModel(model.process), model].entries()) {
    for (const facts of all) {
      let belief = tracked.table.initial()
      const seen = new Set()
      for (const fact of facts) {
        const symbol = tracked.table.symbol(fact.labels[1])
        const repeated = seen.has(symbol.id)
        seen.add(symbol.id)
        const known = belief.steps.size
        const begun = process.cpuUsage()
        const from = belief
        belief = tracked.table.observe(belief, symbol, repeated).next
        if (round === 0 || from.steps.size === known) continue
        const { user, system } = process.cpuUsage(begun)
        took.push((user + system) / 1_000)
      }
    }
  }
  took.sort((a, b) => a - b)
  const at = (share) => (took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0).toFixed(2)
  console.log(`  ${took.length} first steps, ${model.table.size} beliefs: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`)
}

/** Instances that wait in the middle: with their entries, but for the strings in them and their variables. */
function heap(model, all) {
  const context = contextOf(model)
  const packer = new FactPacker()
  const waiting = all.slice(0, WAITING).map((facts) => facts.slice(0, Math.max(1, facts.length >> 1)))
  const events = waiting.reduce((sum, facts) => sum + facts.length, 0) / waiting.length
  const used = () => {
    gc()
    return process.memoryUsage().heapUsed
  }
  const make = (facts) => {
    const unit = new Unit(context, facts[0]?.key)
    // Entries of its own, as they come from a log; names are the same strings, and variables are left out.
    unit.add(facts.map(({ patch: _patch, ...fact }) => fact))
    unit.view(facts.at(-1)?.appendTime ?? 0)
    return unit
  }
  // What all instances share is there already.
  for (const facts of waiting) make(facts).sleep(packer)
  const before = used()
  const units = waiting.map(make)
  const awake = (used() - before) / units.length
  for (const unit of units) unit.sleep(packer)
  const asleep = (used() - before) / units.length
  const wake = () => {
    for (const [index, unit] of units.entries()) unit.view(waiting[index]?.at(-1)?.appendTime ?? 0)
  }
  wake()
  for (const unit of units) unit.sleep(packer)
  const begun = process.cpuUsage()
  wake()
  const { user, system } = process.cpuUsage(begun)
  console.log(`  ${units.length} waiting instances of ${events.toFixed(1)} events: ${Math.round(asleep)} bytes each with their entries, ${Math.round(awake)} while they are awake; ${
    ((user + system) / units.length).toFixed(0)} µs to wake one and look at it`)
}

function contextOf(model) {
  return { model: model.process.id, versionAt: () => ({ version: 1, model }), identify: (parts) => parts.join('/') }
}

function factsOf(one, labels) {
  return one.events.map((event, index) => ({
    position: BigInt(index + 1), kind: 'event', time: event.time, appendTime: event.time, source: '/log', id: `${one.id}:${index}`, type: event.activity,
    sequence: String(index).padStart(6, '0'), labels: { 1: labels(event.activity) }, key: one.id,
    patch: { by: event.by, step: index },
  }))
}

function labeller(process) {
  const binder = new Binder(process)
  const known = new Map()
  return (activity) => {
    if (!known.has(activity)) {
      const bound = binder.bind({ id: '1', source: '/log', type: activity, subject: 'case', time: 0 })
      known.set(activity, (bound?.labels ?? []).map((label) => labelOf(label.element, label.phase)))
    }
    return known.get(activity)
  }
}

function readLog(path) {
  const bytes = path.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path)
  const cases = []
  for (let at = bytes.indexOf('<trace'); at >= 0; at = bytes.indexOf('<trace', at)) {
    const end = bytes.indexOf('</trace>', at)
    const events = bytes.toString('utf8', at, end).split('<event').slice(1).map((text) => ({
      activity: valueOf(text, 'concept:name'), by: valueOf(text, 'org:resource'), time: Date.parse(valueOf(text, 'time:timestamp')),
    }))
    cases.push({ id: String(cases.length), events: events.map((event, index) => ({ event, index })).sort((a, b) => a.event.time - b.event.time || a.index - b.index).map(({ event }) => event) })
    at = end
  }
  return cases
}

function valueOf(text, key) {
  const at = text.indexOf(`key="${key}"`)
  return /value="([^"]*)"/.exec(text.slice(at))?.[1] ?? ''
}

function sequenceModel(length) {
  const ids = Array.from({ length }, (_, index) => `t${index}`)
  const chain = ['start', ...ids, 'end']
  const flows = chain.slice(1).map((target, index) => `<sequenceFlow id="f${index}" sourceRef="${chain[index]}" targetRef="${target}"/>`)
  return `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="bench"><process id="p"><startEvent id="start"/>${
    ids.map((id) => `<task id="${id}" name="${id}"/>`).join('')}<endEvent id="end"/>${flows.join('')}</process></definitions>`
}

function generated(index, length) {
  return { id: String(index), events: Array.from({ length }, (_, at) => ({ activity: `t${at}`, by: 'ada', time: 1e12 + index * 1_000 + at * 60_000 })) }
}

function random() {
  state = (state + 0x6d2b79f5) >>> 0
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
}

function print(what, perSecond, plain) {
  console.log(`    ${what.padEnd(38)}${Math.round(perSecond).toLocaleString('en').padStart(14)} events/s, 1/${(plain / perSecond).toFixed(1)} of the Map loop`)
}
