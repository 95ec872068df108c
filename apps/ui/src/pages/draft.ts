import type { Deployed, Finding } from '@tidemark/api'
import { ApiError, postForm } from '../api.js'

/** A model on its way: what was dropped, not deployed yet. */
export interface Draft {
  model: File
  mapping: File | undefined
  /** What becomes of events without an instance (DMN). */
  decision: File | undefined
  xml: string
}

/** What a dry run said; `refused` where it cannot be tracked. */
export interface Verdict {
  findings: readonly Finding[]
  refused: boolean
  deployed?: Deployed
}

export async function verdictOf(draft: Draft): Promise<Verdict> {
  try {
    const deployed = await postForm<Deployed>('/models', { dryRun: true }, formOf(draft))
    return { findings: deployed.findings, refused: deployed.findings.some(({ severity }) => severity === 'error'), deployed }
  } catch (error) {
    // 422 is an answer: the findings say why it cannot be tracked.
    if (error instanceof ApiError && error.status === 422) {
      return {
        findings: error.findings ?? [{ code: error.problem?.code ?? 'refused', severity: 'error', message: error.message }],
        refused: true,
      }
    }
    throw error
  }
}

export function formOf({ model, mapping, decision }: Draft): FormData {
  const form = new FormData()
  form.set('model', model)
  if (mapping !== undefined) form.set('mapping', mapping)
  if (decision !== undefined) form.set('decision', decision)
  return form
}

interface Sorted {
  model?: File
  mapping: File | undefined
  decision: File | undefined
  problem?: string
}

/** Which of the files is the model, which the mapping and which the decision; without a model they join the one that is there. */
export function sorted(files: readonly File[], draft: Draft | undefined): Sorted {
  const nothing = { mapping: undefined, decision: undefined }
  const mapping = files.find(({ name }) => /\.(ya?ml|json)$/i.test(name))
  const decision = files.find(({ name }) => /\.dmn$/i.test(name))
  const models = files.filter((file) => file !== mapping && file !== decision)
  if (models.length > 1) return { ...nothing, problem: 'Drop one BPMN file at a time, and at most one mapping and one decision file with it.' }
  const model = models[0] ?? draft?.model
  if (model === undefined) {
    const kind = mapping === undefined ? 'decision' : 'mapping'
    return { ...nothing, problem: `${(mapping ?? decision)?.name ?? 'The file'} is a ${kind}. Drop the BPMN file first, or both together.` }
  }
  const there = models[0] === undefined ? draft : undefined
  return { model, mapping: mapping ?? there?.mapping, decision: decision ?? there?.decision }
}
