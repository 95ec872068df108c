import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readProcesses, type ReadResult } from '@tidemark/bpmn'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { bpmnXml } from '../../libs/bpmn/src/testing/bpmn-xml.js'
import { LAW_SEED } from '../../libs/bpmn/src/testing/law-runs.js'
import { blocks, modelOf } from '../../libs/bpmn/src/testing/models.js'
import { randomOf } from '../../libs/bpmn/src/testing/walk.js'
import { dataDir, skipUnless } from '../support/requires.js'
import { diagramOf } from './diagram.js'
import { MISSES, RARE_MISSES } from './misses.js'
import { differences, modelsOf } from './read-walk.js'
import { simulate, type SimulatedWalk } from './simulation.js'

/** Walks per file, and walks over generated models. */
const WALKS = Number(process.env['TIDEMARK_ORACLE_WALKS'] ?? 20)
const GENERATED = WALKS * 15
/** Percent of the walks over files that we can follow. */
const LEAST = 99

const data = dataDir() ?? ''
const skip = skipUnless(data !== '', 'the models in ../shared/data')
const files = skip ? [] : readdirSync(join(data, 'bpmn'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.bpmn')).sort()

const told = ({ happenings }: SimulatedWalk): string => happenings.map(({ element, instance }) => `${element}${instance === 0 ? '' : `/${instance}`}`).join(' ')

function errorsOf({ findings }: ReadResult): string {
  return [...new Set(findings.filter(({ severity }) => severity === 'error').map(({ code }) => code))].sort().join(' ')
}

describe.skipIf(skip)('random walks of the token simulator of bpmn.io are read without deviations', () => {
  const counts = { walks: 0, differing: 0, refused: 0, followed: 0 }

  test.each(files)(`%s (${WALKS} walks)`, async (path) => {
    const name = basename(path, '.bpmn').replace(/^Simulator\./, '')
    const result = await readProcesses(readFileSync(join(data, 'bpmn', path)))
    const errors = errorsOf(result)
    if (errors !== '') {
      expect(MISSES[name], 'is refused, so that it cannot differ: take it out of misses.ts').toBeUndefined()
      counts.refused++
      return
    }
    counts.followed++
    const [diagram, models] = [await diagramOf(result.xml), modelsOf(result.processes)]
    const found: string[] = []
    for (let seed = 1; seed <= WALKS; seed++) {
      const walk = simulate(diagram, randomOf(seed))
      const differing = differences(models, walk)
      counts.walks++
      if (differing.length === 0) continue
      counts.differing++
      found.push(`${differing.join(', ')} (walk ${seed}: ${told(walk)})`)
    }
    const miss = MISSES[name]
    if (RARE_MISSES[name] !== undefined) expect(found.length, 'is not rare: put it among the others in misses.ts').toBeLessThanOrEqual(Math.ceil(WALKS / 20))
    else if (miss === undefined) expect(found, 'differs, and is not in misses.ts').toEqual([])
    else expect(found.length, `no longer differs, take it out of misses.ts: ${miss}`).toBeGreaterThan(0)
  })

  test('every name in the table is one of a file', () => {
    const names = new Set(files.map((path) => basename(path, '.bpmn').replace(/^Simulator\./, '')))
    expect([...Object.keys(MISSES), ...Object.keys(RARE_MISSES)].filter((name) => !names.has(name))).toEqual([])
  })

  afterAll(() => {
    const percent = 100 * (1 - counts.differing / counts.walks)
    console.log(`${percent.toFixed(2)} % of ${counts.walks} walks without a difference; ${counts.followed} files followed, ${counts.refused} refused with findings`)
    expect(percent).toBeGreaterThanOrEqual(LEAST)
  })
})

test(`and so are those over models that are made up (${GENERATED} walks)`, async () => {
  let apart = 0
  await fc.assert(fc.asyncProperty(blocks({ loops: true, timers: true, ambiguous: false, nonInterrupting: true }), fc.nat(), async (block, seed) => {
    const xml = bpmnXml(modelOf(block))
    const result = await readProcesses(xml)
    expect(errorsOf(result)).toBe('')
    const walk = simulate(await diagramOf(xml), randomOf(seed))
    const differing = differences(modelsOf(result.processes), walk)
    // Two instances of one sub-process at once share their tokens with us: which of them an event belongs to is not in the event.
    if (walk.overlapped && differing.length > 0) apart++
    else expect(differing, `${told(walk)} on ${xml}`).toEqual([])
  }), { numRuns: GENERATED, ...LAW_SEED })
  console.log(`${apart} of ${GENERATED} walks differ, each with two instances of a sub-process at once`)
  expect(apart / GENERATED).toBeLessThan(0.01)
}, 600_000)
