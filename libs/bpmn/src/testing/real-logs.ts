/** Real logs beside the checkout, for tests only: read whole, by the few tags that matter. The product's own reader streams. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { Binder } from '../bind/correlate.js'
import type { ProcessModel } from '../model.js'
import { labelOf } from '../net/net.js'
import { readProcesses } from '../read/read-processes.js'

export interface RecordedCase {
  readonly id: string
  /** In file order. */
  readonly events: readonly { readonly activity: string; readonly time: number }[]
}

const folder = resolve(fileURLToPath(import.meta.url), '../../../../../../shared/data/logs')

/** False says that the tests that need the logs are skipped; where nothing may be skipped it throws instead. */
export function hasRealLogs(): boolean {
  if (existsSync(folder)) return true
  if (process.env['TIDEMARK_REQUIRE_ALL'] === '1') throw new Error(`these tests need ${folder}, and TIDEMARK_REQUIRE_ALL forbids to skip them`)
  console.warn('skipped, because this needs the folder of real logs')
  return false
}

/** Cases with their events in the order of time; equal times keep the order of the file. */
export function readLog(name: string): readonly RecordedCase[] {
  const cases: RecordedCase[] = []
  for (const trace of sections(gunzipSync(readFileSync(resolve(folder, name))), 'trace')) {
    const begin = trace.indexOf('<event')
    const head = begin < 0 ? trace : trace.slice(0, begin)
    const id = valueOf(head, 'concept:name') ?? String(cases.length)
    const events = trace.split('<event').slice(1).map((event) => ({
      activity: valueOf(event, 'concept:name') ?? '', time: Date.parse(valueOf(event, 'time:timestamp') ?? ''),
    }))
    cases.push({ id, events: events.map((event, index) => ({ event, index })).sort((a, b) => a.event.time - b.event.time || a.index - b.index).map(({ event }) => event) })
  }
  return cases
}

export async function readModel(name: string): Promise<ProcessModel> {
  const { processes, findings } = await readProcesses(readFileSync(resolve(folder, name)))
  const [process] = processes
  if (process === undefined || findings.some((finding) => finding.severity === 'error')) throw new Error(`${name}: ${JSON.stringify(findings)}`)
  return process
}

/** The labels of an activity by its name; kept, since a log has few. */
export function labeller(process: ProcessModel): (activity: string) => readonly string[] {
  const binder = new Binder(process)
  const known = new Map<string, readonly string[]>()
  return (activity) => {
    const found = known.get(activity)
    if (found !== undefined) return found
    const bound = binder.bind({ id: '1', source: '/log', type: activity, subject: 'case', time: 0 })
    const labels = (bound?.labels ?? []).map((label) => labelOf(label.element, label.phase)).sort()
    known.set(activity, labels)
    return labels
  }
}

/** The inside of each `<tag>`, one at a time: a whole log as one string would be too long for some. */
function* sections(bytes: Buffer, tag: string): Generator<string> {
  const [open, close] = [Buffer.from(`<${tag}`), Buffer.from(`</${tag}>`)]
  for (let at = bytes.indexOf(open); at >= 0; at = bytes.indexOf(open, at)) {
    const end = bytes.indexOf(close, at)
    if (end < 0) return
    yield bytes.toString('utf8', at, end)
    at = end
  }
}

function valueOf(text: string, key: string): string | undefined {
  const at = text.indexOf(`key="${key}"`)
  return at < 0 ? undefined : /value="([^"]*)"/.exec(text.slice(at))?.[1]?.replaceAll('&amp;', '&').replaceAll('&apos;', "'")
}
