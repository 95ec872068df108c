import { describe, expect, it } from 'vitest'
import { hasRealLogs, labeller, readLog, readModel, type RecordedCase } from '../testing/real-logs.js'
import { randomOf } from '../testing/walk.js'
import type { ProcessModel } from '../model.js'
import { compileNet } from '../net/compile.js'
import { Conformance } from './conform.js'
import type { Fact } from './fact.js'
import { TrackedModel } from './tracked-model.js'
import { Unit } from './unit.js'

/** Counted by others, see SOURCES.md beside the logs. */
const known = [
  { log: 'SEPSIS.xes.gz', model: 'sepsis.bpmn', cases: 1050, fitting: 462, logFitness: 0.9353, meanFitness: 0.9122 },
  { log: 'receipt.xes.gz', model: 'receipt.bpmn', cases: 1434, fitting: 1434, logFitness: 1, meanFitness: 1 },
  { log: 'RTFMP.xes.gz', model: 'fines.bpmn', cases: 150_370, fitting: 147_988 },
] as const

describe.skipIf(!hasRealLogs()).each(known)('$log on $model', (expected) => {
  it(`has ${expected.fitting} fitting cases of ${expected.cases}, and following says the same of each, in any order of arrival`, async () => {
    const cases = readLog(expected.log)
    const process = { ...(await readModel(expected.model)), tolerance: 'PT0S' }
    const labels = labeller(process)
    const conformance = new Conformance(compileNet(process))
    const model = new TrackedModel(process)
    const byVariant = new Map<string, { fits: boolean; cost: number; fitness: number }>()
    const differing: string[] = []
    const random = randomOf(1)
    let [fitting, cost, worst, fitness] = [0, 0, 0, 0]
    for (const one of cases) {
      const variant = one.events.map((event) => event.activity).join('\n')
      const verdict = byVariant.get(variant) ?? conformance.verdict(one.events.map((event) => labels(event.activity)))
      byVariant.set(variant, verdict)
      if (verdict.fits) fitting++
      cost += verdict.cost
      worst += one.events.length + conformance.shortestRun
      fitness += verdict.fitness
      if (followed(model, process, one, labels, random) !== verdict.fits) differing.push(one.id)
    }
    expect({ cases: cases.length, fitting }).toEqual({ cases: expected.cases, fitting: expected.fitting })
    expect(differing).toEqual([])
    if ('logFitness' in expected) {
      expect(Math.abs(1 - cost / worst - expected.logFitness)).toBeLessThan(0.0005)
      expect(Math.abs(fitness / cases.length - expected.meanFitness)).toBeLessThan(0.0005)
    }
  }, 240_000)
})

/** Whether one instance without any deviation comes of it, that ended or could end; its events arrive one by one, in random order. */
function followed(model: TrackedModel, process: ProcessModel, one: RecordedCase, labels: (activity: string) => readonly string[], random: () => number): boolean {
  const unit = new Unit({ model: process.id, versionAt: () => ({ version: 1, model }), identify: (parts) => parts.join('/') }, one.id)
  const facts = one.events.map((event, index): Fact => ({
    position: BigInt(index + 1), kind: 'event', time: event.time, appendTime: event.time, source: '/log', id: `${one.id}:${index}`, type: event.activity,
    sequence: String(index).padStart(6, '0'), labels: { 1: labels(event.activity) },
  }))
  const arriving = facts.map((fact) => ({ fact, at: random() })).sort((a, b) => a.at - b.at).map(({ fact }) => fact)
  for (const fact of arriving) unit.add([fact])
  const last = facts.at(-1)?.time ?? 0
  const views = unit.view(last)
  const [only] = views
  const everythingBound = facts.every((fact) => (fact.labels[1] ?? []).length > 0)
  return views.length === 1 && everythingBound && only?.view.deviations.length === 0 && (only.view.status === 'completed' || only.shown.canEnd)
}
