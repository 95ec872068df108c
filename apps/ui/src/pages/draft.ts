import type { Deployed, Finding } from '@tidemark/api'
import { ApiError, postForm } from '../api.js'

/** A model on its way: what was dropped, not deployed yet. */
export interface Draft {
  model: File
  mapping: File | undefined
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

export function formOf({ model, mapping }: Draft): FormData {
  const form = new FormData()
  form.set('model', model)
  if (mapping !== undefined) form.set('mapping', mapping)
  return form
}

/** Which of the files is the model and which the mapping; a mapping alone joins the model that is there. */
export function sorted(files: readonly File[], draft: Draft | undefined): { model?: File; mapping: File | undefined; problem?: string } {
  const mapping = files.find(({ name }) => /\.(ya?ml|json)$/i.test(name))
  const models = files.filter((file) => file !== mapping)
  if (models.length > 1) return { mapping: undefined, problem: 'Drop one BPMN file at a time, and at most one mapping file with it.' }
  const model = models[0] ?? draft?.model
  if (model === undefined)
    return { mapping: undefined, problem: `${mapping?.name ?? 'The file'} is a mapping. Drop the BPMN file first, or both together.` }
  return { model, mapping: mapping ?? (models[0] === undefined ? draft?.mapping : undefined) }
}
