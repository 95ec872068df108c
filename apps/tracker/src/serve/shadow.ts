/** A new version that is tried: asked for, told of, accepted, dropped. The work is done by whoever follows the log. */
import type { AcceptShadow, Deployed, Finding, Problem, Shadow } from '@tidemark/api'
import { parseMapping, readProcesses } from '@tidemark/bpmn'
import { TrackerError } from '../problem.js'
import { ALWAYS, sourceHash } from '../store/model-source.js'
import { readNewestSources } from '../store/read/models.js'
import { askForShadow, moveShadow, readShadow, type ShadowJob, type ShadowStatus } from '../store/shadow/job.js'
import type { Answer } from './answer.js'
import { deploy, refusal, type DeployContext } from './deploy.js'
import type { ModelBody } from './model-body.js'
import { parseTime, rfc3339 } from './times.js'

export async function findShadow(db: DeployContext['db'], model: string): Promise<Shadow> {
  return show(await latest(db, model))
}

/** 202, or 422 with findings where the file cannot be followed. */
export async function beginShadow(
  { db }: DeployContext, model: string, { file, mapping, decision }: ModelBody, options: { readonly by: string; readonly since?: string | undefined; readonly now: number },
): Promise<Answer<Shadow | (Problem & { findings: readonly Finding[] })>> {
  const since = parseTime(options.since, 'since')
  const side = mapping === undefined ? { findings: [] } : parseMapping(mapping)
  const read = await readProcesses(file, { ...(side.mapping === undefined ? {} : { mapping: side.mapping }), ...(decision === undefined ? {} : { decision }) })
  const findings = [...side.findings, ...read.findings]
  if (read.processes.length === 0 || findings.some(({ severity }) => severity === 'error')) return refusal(findings)
  if (!read.processes.some(({ id }) => id === model)) {
    throw new TrackerError('invalidRequest', 400, `The file has no process ${model}: it has ${read.processes.map(({ id }) => id).join(', ')}. A version that is tried has the id of the model in use.`)
  }
  const [newest] = await readNewestSources(db, [model])
  if (newest === undefined) throw new TrackerError('modelNotFound', 404, `No model ${model} is deployed that a new version could be compared with. npx tidemark deploy FILE adds it.`)
  const hash = sourceHash(read.xml, mapping, decision)
  if (newest.xml === read.xml && newest.mapping === (mapping ?? null) && newest.decision === (decision ?? null)) {
    throw new TrackerError('shadowStatus', 409, `This is what version ${newest.version} of ${model} is: there is nothing to compare.`)
  }
  const job = await askForShadow(db, {
    model, version: newest.version + 1, hash, since: since ?? ALWAYS, xml: read.xml, ...(mapping === undefined ? {} : { mapping }), ...(decision === undefined ? {} : { decision }), by: options.by,
  }, options.now)
  if (job === undefined) throw new TrackerError('shadowStatus', 409, 'A version is being tried already, of this model or another: accept or drop that first.')
  return { status: 202, location: `/api/v1/models/${encodeURIComponent(model)}/shadow`, body: show(job) }
}

export async function acceptShadow(context: DeployContext, model: string, { instances, by }: AcceptShadow, now: number): Promise<Answer<Shadow | Deployed | Problem>> {
  const job = await latest(context.db, model)
  const { candidate } = job
  if (job.status !== 'ready') throw wrongStatus(job, 'Only what is ready can be accepted')
  const [newest] = await readNewestSources(context.db, [model])
  if (newest?.version !== candidate.version - 1) {
    throw new TrackerError('shadowStatus', 409, `Version ${newest?.version ?? 0} of ${model} was deployed meanwhile: drop this one, and try it again beside that.`)
  }
  if (instances === 'stay') {
    const { xml, mapping, decision } = candidate
    const answer = await deploy(context, { file: xml, ...(mapping === undefined ? {} : { mapping }), ...(decision === undefined ? {} : { decision }) }, { dryRun: false, by })
    if (answer.status < 300) await moveShadow(context.db, job.id, ['ready'], 'dropping', now)
    return answer
  }
  if (!(await moveShadow(context.db, job.id, ['ready'], 'accepting', now, { candidate: { ...candidate, by } }))) throw wrongStatus(job, 'It is not ready any more')
  return { status: 202, location: `/api/v1/models/${encodeURIComponent(model)}/shadow`, body: await findShadow(context.db, model) }
}

export async function dropShadow({ db }: DeployContext, model: string, now: number): Promise<Answer<Shadow>> {
  const job = await latest(db, model)
  if (!(await moveShadow(db, job.id, ['asked', 'running', 'ready'], 'dropping', now))) throw wrongStatus(job, 'It cannot be dropped any more')
  return { status: 202, body: await findShadow(db, model) }
}

async function latest(db: DeployContext['db'], model: string): Promise<ShadowJob> {
  const job = await readShadow(db, model)
  if (job === undefined) throw new TrackerError('shadowNotFound', 404, `No version of ${model} has been tried. POST /api/v1/models/${model}/shadow tries one.`)
  return job
}

function wrongStatus({ status }: { readonly status: ShadowStatus }, what: string): TrackerError {
  return new TrackerError('shadowStatus', 409, `${what}: it is ${status}.`)
}

function show({ id, status, done, total, startedAt, updatedAt, error, comparison, candidate: { model, version, since, by } }: ShadowJob): Shadow {
  return {
    id, model, version, status, ...(since === ALWAYS ? {} : { since: rfc3339(since) }), by, done, total, startedAt: rfc3339(startedAt), updatedAt: rfc3339(updatedAt),
    ...(comparison === undefined ? {} : { comparison }), ...(error === undefined ? {} : { error }),
  }
}
