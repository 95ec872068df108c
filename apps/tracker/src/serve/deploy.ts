/**
 * Deploying a model: check it, append it to the log, wait until the tracker has folded it. Nothing is written to the tables from here.
 * What can come out: refused with findings (422), already there (200), deployed (201), appended but not folded within five seconds (202).
 */
import type { Deployed, Finding, Problem } from '@tidemark/api'
import { parseMapping, readProcesses } from '@tidemark/bpmn'
import type { ProcessModel } from '@tidemark/bpmn'
import type { Log } from '@tidemark/log'
import type { Database } from '../store/database.js'
import type { ModelEntry } from '../store/entries.js'
import type { Progress } from '../store/progress.js'
import { readDeployedAt, readNewestSources } from '../store/read/models.js'
import { reaches } from '../store/reaches.js'
import type { SourceRow } from '../store/read/models.js'
import type { Answer } from './answer.js'
import { FOLD_WAIT_MS } from './fold-wait.js'
import type { ModelBody } from './model-body.js'

type Refused = Problem & { findings: readonly Finding[] }

export interface DeployContext {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
}

export async function deploy(
  context: DeployContext, { file, mapping, decision }: ModelBody, options: { readonly dryRun: boolean; readonly by: string },
): Promise<Answer<Deployed | Refused>> {
  const side = mapping === undefined ? { findings: [] } : parseMapping(mapping)
  const read = await readProcesses(file, { ...(side.mapping === undefined ? {} : { mapping: side.mapping }), ...(decision === undefined ? {} : { decision }) })
  const faults = [...side.findings, ...read.findings]
  if (read.processes.length === 0 || faults.some(({ severity }) => severity === 'error')) return refusal(faults)

  const newest = new Map((await readNewestSources(context.db, read.processes.map(({ id }) => id))).map((row) => [row.model, row]))
  const findings = [...faults, ...(await beginningOf(context.log, read.processes.filter(({ id }) => !newest.has(id))))]
  const isThere = ({ id }: ProcessModel) => sameSource(newest.get(id), read.xml, mapping, decision)
  if (read.processes.every(isThere)) return { status: 200, body: deployed(read.processes, findings, ({ id }) => newest.get(id)!.version) }

  const nextVersion = ({ id }: ProcessModel) => (newest.get(id)?.version ?? 0) + 1
  const expected = deployed(read.processes, findings, nextVersion)
  if (options.dryRun) return { status: 200, body: { ...expected, dryRun: true } }

  const entry: ModelEntry = { xml: read.xml, ...(mapping === undefined ? {} : { mapping }), ...(decision === undefined ? {} : { decision }), by: options.by }
  const { last } = await context.log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify(entry)) }])
  const location = `/api/v1/models/${encodeURIComponent(expected.id)}`
  if (!(await context.progress.reached(last, FOLD_WAIT_MS))) return { status: 202, location, body: expected }
  const versions = new Map((await readDeployedAt(context.db, last)).map((row) => [row.model, row.version]))
  return { status: 201, location, body: deployed(read.processes, findings, (process) => versions.get(process.id) ?? nextVersion(process)) }
}

/** A model that is new catches up from the beginning of the log, which may have been trimmed. */
async function beginningOf(log: Log, fresh: readonly ProcessModel[]): Promise<readonly Finding[]> {
  if (fresh.length === 0 || (await reaches(log, 1n))) return []
  const message = `The log begins at position ${log.stats().first}, because what was before has been dropped: ${fresh.map(({ id }) => id).join(', ')} will know nothing of events from before.`
  return [{ code: 'beginningTrimmed', severity: 'info', message }]
}

function sameSource(row: SourceRow | undefined, xml: string, mapping: string | undefined, decision: string | undefined): boolean {
  return row !== undefined && row.xml === xml && row.mapping === (mapping ?? null) && row.decision === (decision ?? null)
}

function deployed(processes: readonly ProcessModel[], findings: readonly Finding[], versionOf: (process: ProcessModel) => number): Deployed {
  const [first] = processes
  return {
    id: first!.id, version: versionOf(first!), findings: [...findings],
    models: processes.map((process) => ({ id: process.id, version: versionOf(process), name: process.name })),
  }
}

/** RFC 9457 allows members of our own: the findings stand beside the problem. */
export function refusal(findings: readonly Finding[]): Answer<Refused> {
  const errors = findings.filter(({ severity }) => severity === 'error')
  return {
    status: 422,
    contentType: 'application/problem+json',
    body: {
      type: 'urn:tidemark:problem:modelRefused', title: 'The model cannot be tracked', status: 422, code: 'modelRefused',
      detail: `The model has ${errors.length === 1 ? 'a fault' : `${errors.length} faults`} that must be mended first.`,
      errors: errors.map(({ elementId, message }) => ({ ...(elementId === undefined ? {} : { attribute: elementId }), message })),
      findings,
    },
  }
}
