import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { casesOf } from './cases.js'
import type { LogOptions, RecordedEvent } from './event-log.js'
import { openEventLog } from './open-event-log.js'

let folder = ''
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'tidemark-logs-')) })
afterAll(async () => { await rm(folder, { recursive: true }) })

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}

async function read(path: string, options: LogOptions = {}): Promise<RecordedEvent[]> {
  const log = await openEventLog(path, options)
  const events: RecordedEvent[] = []
  for await (const event of log.events()) events.push(event)
  return events
}

const xesEvent = (name: string, transition?: string): string =>
  `<event><string key="concept:name" value="${name}"/>${transition === undefined ? '' : `<string key="lifecycle:transition" value="${transition}"/>`}` +
  '<date key="time:timestamp" value="2024-01-01T10:00:00+01:00"/><int key="cost" value="5"><string key="nested" value="x"/></int></event>'

const xesLog = (...traces: string[]): string =>
  '<?xml version="1.0" encoding="UTF-8"?><log><global scope="event"><string key="concept:name" value="DEFAULT"/></global>' +
  `<classifier name="a" keys="concept:name"/><string key="meta" value="x"/>${traces.join('')}</log>`

describe('an XES log', () => {
  test('gives the events of its traces, not what stands in globals', async () => {
    const path = await file('plain.xes', xesLog(`<trace><string key="concept:name" value="c1"/>${xesEvent('A')}${xesEvent('B')}</trace>`))
    expect(await read(path)).toEqual([
      { caseId: 'c1', activity: 'A', timeMs: Date.UTC(2024, 0, 1, 9), index: 0, attributes: { cost: 5 } },
      { caseId: 'c1', activity: 'B', timeMs: Date.UTC(2024, 0, 1, 9), index: 1, attributes: { cost: 5 } },
    ])
  })

  test('may be compressed, whatever its name says', async () => {
    const path = await file('packed.xes', gzipSync(xesLog(`<trace><string key="concept:name" value="c1"/>${xesEvent('A')}</trace>`)))
    expect(await read(path)).toHaveLength(1)
  })

  test('may name a case after its events; the case\'s attributes stand at its first event', async () => {
    const path = await file('late-name.xes', xesLog(`<trace>${xesEvent('A')}${xesEvent('B')}<string key="concept:name" value="late"/><string key="channel" value="web"/></trace>`))
    const events = await read(path)
    expect(events.map((event) => event.caseId)).toEqual(['late', 'late'])
    expect(events.map((event) => event.attributes['case:channel'])).toEqual(['web', undefined])
  })

  test('counts completions only, where any event is one, and keeps the numbers of the file', async () => {
    const path = await file('lifecycle.xes', xesLog(`<trace><string key="concept:name" value="c"/>${xesEvent('A', 'start')}${xesEvent('A', 'COMPLETE')}${xesEvent('B')}</trace>`))
    expect((await read(path)).map((event) => [event.activity, event.index])).toEqual([['A', 1], ['B', 2]])
    expect(await read(path, { lifecycle: true })).toHaveLength(3)
  })

  test('counts every event where none is a completion', async () => {
    const path = await file('status.xes', xesLog(`<trace><string key="concept:name" value="c"/>${xesEvent('A', 'In Progress')}${xesEvent('A', 'Closed')}</trace>`))
    expect(await read(path)).toHaveLength(2)
  })

  test('gives two traces of one name events of different identity', async () => {
    const trace = `<trace><string key="concept:name" value="same"/>${xesEvent('A')}</trace>`
    const events = await read(await file('twice.xes', xesLog(trace, trace)))
    expect(new Set(events.map((event) => `${event.caseId}:${event.index}`)).size).toBe(2)
  })

  test('is refused with its place where it is broken, and where it is something else', async () => {
    await expect(read(await file('broken.xes', '<log><trace></log>'))).rejects.toThrow(/not well-formed/)
    await expect(read(await file('cut.xes', '<log><trace><event>'))).rejects.toThrow(/not well-formed/)
    await expect(read(await file('other.xes', '<definitions/>'))).rejects.toThrow(/no XES log/)
    await expect(read(await file('cut.xes.gz', gzipSync(xesLog()).subarray(0, 40)))).rejects.toThrow(/cannot be read/)
  })
})

describe('a CSV log', () => {
  test('is read by column names that are usual, with any delimiter', async () => {
    const path = await file('plain.csv', 'Case ID;Activity;Complete Timestamp;Resource\n7;A;2024-01-01 10:00;Ann\n7;B;2024-01-01 11:00;\n')
    expect(await read(path)).toEqual([
      { caseId: '7', activity: 'A', timeMs: Date.UTC(2024, 0, 1, 10), index: 1, attributes: { 'org:resource': 'Ann' } },
      { caseId: '7', activity: 'B', timeMs: Date.UTC(2024, 0, 1, 11), index: 3, attributes: {} },
    ])
  })

  test('asks for the column that it cannot guess, and names those there are', async () => {
    const path = await file('odd.csv', 'vorgang,was,wann\n1,A,2024-01-01\n')
    await expect(read(path)).rejects.toThrow(/--case.*"vorgang", "was", "wann"/)
    expect(await read(path, { case: 'vorgang', activity: 'was', time: 'wann' })).toHaveLength(1)
    await expect(read(path, { case: 'Vorgang' })).rejects.toThrow(/no column "Vorgang"/)
  })

  test('with bad rows is refused, shows the first five, and is read without them where that is asked for', async () => {
    const bad = Array.from({ length: 7 }, (_, at) => `${at},A,never`).join('\n')
    const path = await file('bad.csv', `case,activity,time\n1,A,2024-01-01\n${bad}\n,A,2024-01-01\n2,B\n3,B,2024-01-02\n`)
    await expect(read(path)).rejects.toThrow(/9 rows cannot be used:\n {2}line 3: "never".*\n(?:.*\n){4} {2}and 4 more/)
    const log = await openEventLog(path, { skipBadRows: true })
    expect(log.remarks[0]).toContain('9 rows')
    expect((await read(path, { skipBadRows: true })).map((event) => event.caseId)).toEqual(['1', '3'])
  })

  test('with a start time gives a start beside each end, where lifecycles are asked for', async () => {
    const path = await file('both.csv', 'case,activity,start time,end time\n1,A,2024-01-01 08:00,2024-01-01 09:00\n')
    expect(await read(path)).toHaveLength(1)
    const [start, end] = await read(path, { lifecycle: true })
    expect([start?.index, start?.timeMs, start?.attributes['lifecycle:transition']]).toEqual([0, Date.UTC(2024, 0, 1, 8), 'start'])
    expect([end?.index, end?.timeMs, end?.attributes['lifecycle:transition']]).toEqual([1, Date.UTC(2024, 0, 1, 9), 'complete'])
  })

  test('does not run away with a quote that is never closed', async () => {
    const path = await file('quote.csv', `case,activity,time\n1,"A,2024-01-01\n${'x,y,z\n'.repeat(300_000)}`)
    await expect(read(path)).rejects.toThrow(/cannot be read as CSV/)
  })

  test('puts the rows of a case together by time, equal times in the order of the file', async () => {
    const path = await file('mixed.csv', 'case,activity,time\n1,C,2024-01-03\n2,X,2024-01-01\n1,A,2024-01-01\n1,B,2024-01-01\n')
    const log = await openEventLog(path)
    const cases: (readonly number[])[] = []
    for await (const one of casesOf(log, (event) => event.activity.charCodeAt(0))) cases.push(one)
    expect(cases.map((one) => String.fromCharCode(...one))).toEqual(['ABC', 'X'])
  })
})

test('a file that is not there, or of an unknown kind, is said so', async () => {
  await expect(openEventLog(join(folder, 'none.xes'))).rejects.toThrow(/there is no file/)
  await expect(openEventLog(await file('log.parquet', ''))).rejects.toThrow(/known are \.xes, \.xes\.gz, \.csv/)
  await expect(read(await file('empty.csv', ''))).rejects.toThrow(/is empty/)
})
