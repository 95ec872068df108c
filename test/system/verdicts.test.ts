/**
 * Two real logs as live events: in an order that has nothing to do with time, cases and logs mixed, to a running tracker. What it says of
 * each case is what the comparison of whole cases says, which was checked against others' counts. A model is there before its events, or
 * comes after them and has to catch up from the log.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileNet, Conformance } from '@tidemark/bpmn'
import { afterEach, describe, expect, test } from 'vitest'
import { hasRealLogs, labeller, readLog, readModel } from '../../libs/bpmn/src/testing/real-logs.js'
import { randomOf } from '../../libs/bpmn/src/testing/walk.js'
import type { Settings } from '../../apps/tracker/src/config.js'
import { startApp } from '../support/app.js'
import { startPostgres } from '../support/postgres.js'
import { dataDir, skipUnless } from '../support/requires.js'
import { shuffled } from '../support/shuffled.js'
import { TrackerApi } from '../support/tracker-api.js'

/** Counted by others, see SOURCES.md beside the logs. */
const SEPSIS = { log: 'SEPSIS.xes.gz', model: 'sepsis.bpmn', cases: 1050, fitting: 462 }
const RECEIPT = { log: 'receipt.xes.gz', model: 'receipt.bpmn', cases: 1434, fitting: 1434 }
type Known = typeof SEPSIS

const SEED = 20_261_121
const TIMEOUT_MS = 300_000

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

describe.skipIf(!hasRealLogs())('cases that arrive event by event, interleaved, in random order', () => {
  test('get the verdicts of whole cases: sepsis followed live, receipt caught up with', async () => {
    await compare({}, [SEPSIS], [RECEIPT])
  }, TIMEOUT_MS)

  test('and on Postgres: sepsis caught up with', async ({ skip }) => {
    const postgres = await startPostgres()
    if (skipUnless(postgres !== undefined, 'a Postgres server')) return skip()
    open.push(() => postgres!.stop())
    await compare({ databaseUrl: postgres!.url }, [], [SEPSIS])
  }, TIMEOUT_MS)
})

/** `before`: deployed before all events come; `after`: deployed when all of them are there. */
async function compare(settings: Partial<Settings>, before: readonly Known[], after: readonly Known[]): Promise<void> {
  const app = await startApp(settings)
  open.push(() => app.stop())
  const api = new TrackerApi(app.url)
  const all = [...before, ...after]
  for (const known of before) await deploy(api, known)
  await api.sendAll(shuffled(all.flatMap(eventsOf), randomOf(SEED)))
  for (const known of after) await deploy(api, known)
  await api.settled()
  for (const known of all) {
    const expected = await verdictsOf(known)
    const instances = await api.instances(`model=${(await readModel(known.model)).id}`)
    const said = new Map<string, string[]>()
    for (const { key, status, deviations } of instances) {
      said.set(key, [...(said.get(key) ?? []), deviations === 0 && status === 'completed' ? 'fits' : 'deviates'])
    }
    const differing = [...expected].filter(([id, verdict]) => verdict !== (said.get(id)?.join() === 'fits' ? 'fits' : 'deviates'))
    expect(differing, `seed ${SEED}, ${known.log}`).toEqual([])
    expect([...said.values()].filter((runs) => runs.join() === 'fits')).toHaveLength(known.fitting)
    expect(said.size).toBe(known.cases)
  }
}

function eventsOf({ log }: Known): object[] {
  return readLog(log).flatMap((one) => one.events.map((event, index) => ({
    specversion: '1.0', id: `${one.id}:${index}`, source: `/logs/${log}`, type: event.activity, subject: one.id, time: new Date(event.time).toISOString(),
    sequence: String(index).padStart(6, '0'),
  })))
}

async function deploy(api: TrackerApi, { model }: Known): Promise<void> {
  await api.deploy(readFileSync(join(dataDir()!, 'logs', model), 'utf8'), 'tolerance: PT0S')
}

/** By case: whether all of it fits and the process can end after it, by comparing the whole case. */
async function verdictsOf({ log, model }: Known): Promise<Map<string, 'fits' | 'deviates'>> {
  const process = await readModel(model)
  const labels = labeller(process)
  const conformance = new Conformance(compileNet(process))
  return new Map(readLog(log).map((one) => [one.id, conformance.verdict(one.events.map(({ activity }) => labels(activity))).fits ? 'fits' : 'deviates']))
}
