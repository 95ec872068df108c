import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dataDir, skipUnless } from '../support/requires.js'
import { tidemark } from './run-command.js'

const data = dataDir()

describe.skipIf(skipUnless(data !== undefined, 'the folder of real logs'))('conformance', () => {
  const run = (model: string, log: string, ...more: string[]) =>
    tidemark('conformance', '--model', join(data ?? '', 'logs', model), '--log', join(data ?? '', 'logs', log), ...more)

  test('says that 462 of the 1,050 sepsis cases fit, and the fitness that optimal alignment gives', async () => {
    const ran = await run('sepsis.bpmn', 'SEPSIS.xes.gz', '--output', 'json')
    const { deviations, ...figures } = JSON.parse(ran.stdout) as { logFitness: number; meanCaseFitness: number; deviations: Record<string, number> }
    expect(figures).toMatchObject({ cases: 1050, events: 15_214, fitting: 462 })
    expect(figures.logFitness).toBeCloseTo(0.9353, 3)
    expect(figures.meanCaseFitness).toBeCloseTo(0.9122, 3)
    expect(Object.keys(deviations).length).toBeGreaterThan(0)
    expect(ran.code).toBe(1)
  })

  test('says that every case of the receipt log fits, and finds nothing', async () => {
    const ran = await run('receipt.bpmn', 'receipt.xes.gz', '--output', 'json')
    expect(JSON.parse(ran.stdout)).toEqual({ cases: 1434, events: 8577, fitting: 1434, logFitness: 1, meanCaseFitness: 1, deviations: {} })
    expect(ran.code).toBe(0)
  })

  test('says that 147,988 of the 150,370 fines fit', async () => {
    const ran = await run('fines.bpmn', 'RTFMP.xes.gz', '--output', 'json')
    expect(JSON.parse(ran.stdout)).toMatchObject({ cases: 150_370, events: 561_470, fitting: 147_988 })
  }, 120_000)

  test('tells people the same in words, with the places where cases differ', async () => {
    const ran = await run('sepsis.bpmn', 'SEPSIS.xes.gz')
    expect(ran.stdout).toMatch(/^462 of 1,050 cases fit .* \(44\.0 %\), 15,214 events\nlog fitness 0\.935/)
    expect(ran.stdout).toMatch(/skipped +IV Liquid|skipped +Release|skipped +ER/)
  })

  test('is wrong use without a log that is there, or without a process of that name', async () => {
    const missing = await run('sepsis.bpmn', 'none.xes.gz')
    expect([missing.code, missing.stdout]).toEqual([2, ''])
    expect(missing.stderr).toContain('there is no file')
    const unknown = await run('sepsis.bpmn', 'SEPSIS.xes.gz', '--process', 'nobody')
    expect(unknown.code).toBe(2)
    expect(unknown.stderr).toMatch(/has no process nobody; it has: /)
  })
})
