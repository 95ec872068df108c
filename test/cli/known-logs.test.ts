import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openEventLog } from '../../apps/tracker/src/cli/logs/open-event-log.js'
import { dataDir, skipUnless } from '../support/requires.js'

/** As counted by others, see SOURCES.md beside the logs: cases, events, activities. */
const counted: Readonly<Record<string, readonly [number, number, number]>> = {
  'receipt.xes.gz': [1434, 8577, 27],
  'SEPSIS.xes.gz': [1050, 15_214, 16],
  'helpdesk.xes.gz': [4580, 21_348, 14],
  'BPIC13_cp.xes.gz': [1487, 6660, 4],
  'RTFMP.xes.gz': [150_370, 561_470, 11],
  'roadtraffic100traces.xes': [100, 390, 10],
  'Production.csv.gz': [225, 4953, 26],
  'running-example.xes': [6, 42, 8],
}
/** Heap that reading may take beyond what there was before: the largest log is 188 MB of XML. */
const MAX_GROWTH_BYTES = 200 * 1024 * 1024

const data = dataDir()

describe.skipIf(skipUnless(data !== undefined, 'the folder of real logs'))('real logs', () => {
  test.each(Object.entries(counted))('%s has the cases, events and activities that were counted in it', async (name, expected) => {
    const log = await openEventLog(join(data ?? '', 'logs', name))
    const cases = new Set<string>()
    const activities = new Set<string>()
    const before = process.memoryUsage().heapUsed
    let [events, untimed, most] = [0, 0, 0]
    for await (const event of log.events()) {
      events += 1
      cases.add(event.caseId)
      activities.add(event.activity)
      if (event.timeMs === undefined) untimed += 1
      if (events % 10_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed)
    }
    expect([cases.size, events, activities.size]).toEqual(expected)
    expect(untimed).toBe(0)
    expect(log.fractionRead()).toBe(1)
    expect(most - before).toBeLessThan(MAX_GROWTH_BYTES)
  }, 120_000)
})
