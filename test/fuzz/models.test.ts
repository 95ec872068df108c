import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { readProcesses, TrackedModel, Unit, type Fact, type ProcessModel } from '@tidemark/bpmn'
import { describe, expect, test } from 'vitest'
import { randomOf } from '../../libs/bpmn/src/testing/walk.js'
import { tidemark } from '../cli/run-command.js'
import { dataDir, skipUnless } from '../support/requires.js'
import { mutate } from './mutations.js'

/** Files of each test; TIDEMARK_FUZZ_RUNS=5000 looks longer, TIDEMARK_FUZZ_SEED where nobody has looked. */
const RUNS = Number(process.env['TIDEMARK_FUZZ_RUNS'] ?? 400)
const SEED = Number(process.env['TIDEMARK_FUZZ_SEED'] ?? 1)
/** Reading a broken file and following it: a busy machine needs a fraction of it. */
const MOST_CPU_US = 5_000_000
const MOST_HEAP = 900 * 1024 * 1024

const data = dataDir() ?? ''
const skip = skipUnless(data !== '', 'the models in ../shared/data')
const originals = skip ? [] : readdirSync(join(data, 'bpmn'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.bpmn')).sort()

function broken(run: number): { readonly name: string; readonly xml: string; readonly random: () => number } {
  const random = randomOf(SEED * 1_000_003 + run)
  const name = originals[Math.floor(random() * originals.length)] ?? ''
  return { name, random, xml: mutate(readFileSync(join(data, 'bpmn', name), 'utf8'), random) }
}

/** Events of every kind that the process knows, and some that it does not, at random times, with some data. */
function followed(process: ProcessModel, random: () => number): void {
  const model = new TrackedModel(process)
  const labels = [...model.net.observations.keys(), undefined]
  const unit = new Unit({ model: process.id, versionAt: () => ({ version: 1, model }), identify: (parts) => parts.join('/') }, 'key')
  for (let position = 1; position <= 25; position++) {
    const label = labels[Math.floor(random() * labels.length)]
    const time = 1e12 + Math.floor(random() * 100) * 3_600_000
    const fact: Fact = {
      position: BigInt(position), kind: 'event', time, appendTime: time + Math.floor(random() * 60_000), source: '/test', id: String(position), type: label ?? 'other',
      labels: label === undefined ? {} : { 1: [label] }, patch: { x: Math.floor(random() * 3) },
    }
    unit.add([fact])
    unit.view(fact.appendTime)
  }
  unit.view(1e12 + 1e10)
}

describe.skipIf(skip)('broken models', () => {
  test(`are read or refused, and followed where they are read, without an exception and within bounds (${RUNS} files)`, async () => {
    let accepted = 0
    for (let run = 0; run < RUNS; run++) {
      const { name, xml, random } = broken(run)
      const begun = process.cpuUsage()
      try {
        const { processes, findings } = await readProcesses(xml)
        if (!findings.some(({ severity }) => severity === 'error')) {
          accepted++
          for (const process of processes) followed(process, random)
        }
      } catch (error) {
        throw new Error(`file ${run} of seed ${SEED}, from ${name}:\n${xml}`, { cause: error })
      }
      expect(process.cpuUsage(begun).user, `file ${run} of seed ${SEED}, from ${name}`).toBeLessThan(MOST_CPU_US)
    }
    console.log(`${accepted} of ${RUNS} broken files could be followed`)
    expect(accepted).toBeGreaterThan(RUNS / 10)
    expect(process.memoryUsage().heapUsed).toBeLessThan(MOST_HEAP)
  }, 1_200_000)

  test(`are all checked by the command line (${RUNS} files)`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-fuzz-'))
    try {
      for (let run = 0; run < RUNS; run++) {
        const { name, xml } = broken(run)
        writeFileSync(join(folder, `${run}-${basename(name)}`), xml)
      }
      const ran = await tidemark('check', folder, '--output', 'json')
      expect([0, 1]).toContain(ran.code)
      const checked = JSON.parse(ran.stdout) as { file: string; findings: { code: string }[] }[]
      expect(checked).toHaveLength(RUNS)
      expect(checked.filter(({ findings }) => findings.some(({ code }) => code === 'checkFailed')).map(({ file }) => file)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  }, 1_200_000)
})
