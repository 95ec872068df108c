/**
 * What to do with an event whose key has no instance and that does not begin one: a decision table of the model's owner says ignore, incident or
 * create. It sees the entry and the entries of its key, nothing else, so that a rebuild decides the same.
 */
import type { Finding, ProcessModel } from '../model.js'
import { called, finding } from '../read/finding-codes.js'
import { checkDecision } from './check-decision.js'
import type { DecisionModel } from './decision.js'
import { compileDecision, type Decider } from './evaluate.js'
import { compileValue } from './feel.js'
import { readDecisions } from './read-decisions.js'
import { ofType } from './values.js'

export type Admitted = 'ignore' | 'incident' | 'create'

export interface Verdict {
  readonly action: Admitted
  /** Which rule said so and why, in a sentence without its full stop. */
  readonly reason: string
}

/** The event, as the table sees it. Times are epoch milliseconds. */
export interface AdmissionInput {
  readonly type: string
  readonly source: string
  readonly key: string
  readonly time: number
  readonly appendTime: number
  readonly data: Readonly<Record<string, unknown>>
  /** Elements that it may mean. */
  readonly elements: readonly string[]
  /** Types of the events that wait under the key already, oldest first. */
  readonly waiting: readonly string[]
}

const ACTIONS: readonly string[] = ['ignore', 'incident', 'create'] satisfies Admitted[]
/** What a table may ask for, by name. */
const INPUTS = ['type', 'source', 'key', 'time', 'lateSeconds', 'data', 'elements', 'waiting']

export class Admission {
  readonly #decider: Decider

  constructor(model: DecisionModel) {
    this.#decider = compileDecision(model)
  }

  /** Whatever the table cannot decide is an incident: somebody should look at the table, or at the event. */
  decide({ type, source, key, time, appendTime, data, elements, waiting }: AdmissionInput): Verdict {
    const { value, rules, problem } = this.#decider.decide({
      type, source, key, data, elements, waiting, time: ofType(new Date(time).toISOString(), 'dateTime'), lateSeconds: Math.max(0, appendTime - time) / 1000, now: time,
    })
    if (problem !== undefined) return { action: 'incident', reason: `the decision table cannot say what to do: ${problem}` }
    const record = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { action: value }
    const action = record['action']
    const [rule] = rules
    if (typeof action !== 'string' || !ACTIONS.includes(action)) return { action: 'incident', reason: action === null || action === undefined ? 'no rule of the decision table says what to do' : `the decision table says ${JSON.stringify(action)}, which is none of ${ACTIONS.join(', ')}` }
    const why = typeof record['reason'] === 'string' && record['reason'] !== '' ? record['reason'] : rule?.note
    return { action: action as Admitted, reason: `rule ${rule?.id ?? 'of the decision'}${why === undefined ? '' : `: ${why.replace(/\.$/, '')}`}` }
  }
}

/** The decision of each process: the one with the process's id, else the only one that the file is about. */
export async function readAdmission(file: string | Uint8Array, processes: readonly Pick<ProcessModel, 'id'>[]): Promise<{ of: ReadonlyMap<string, DecisionModel>; findings: readonly Finding[] }> {
  const { decisions, roots, findings } = await readDecisions(file)
  const of = new Map<string, DecisionModel>()
  const found = [...findings]
  const [only, ...others] = roots
  for (const { id } of processes) {
    const own = decisions.get(id) ?? (others.length === 0 ? decisions.get(only ?? '') : undefined)
    if (own !== undefined) of.set(id, own)
  }
  if (of.size === 0 && decisions.size > 0) found.push(finding('decisionContract', undefined, `The decision file has several decisions (${roots.join(', ')}): call the one that is meant like the process, or leave only one that no other requires.`))
  for (const model of new Set(of.values())) found.push(...checkDecision(model), ...checkContract(model))
  return { of, findings: found }
}

function checkContract(model: DecisionModel): readonly Finding[] {
  const last = model.decisions.at(-1)
  if (last === undefined) return []
  const findings: Finding[] = []
  const bad = (message: string) => findings.push(finding('decisionContract', last.id, `${called(last)} ${message}`))
  const { logic } = last
  if (logic.kind === 'table') {
    if (logic.hitPolicy === 'RULE ORDER' || logic.hitPolicy === 'OUTPUT ORDER' || logic.hitPolicy === 'COLLECT') bad(`has the hit policy ${logic.hitPolicy}, which gives a list: an event has one fate. Use FIRST, UNIQUE, ANY or PRIORITY.`)
    const column = logic.outputs.length === 1 ? 0 : logic.outputs.findIndex(({ name }) => name === 'action')
    if (column < 0) bad('has no output called action.')
    for (const rule of logic.rules) {
      const text = rule.outputs[column]
      if (text === undefined || !/^("|-?\d)/.test(text)) continue
      const value = compileValue(text).evaluate({})
      if (typeof value === 'string' ? !ACTIONS.includes(value) : true) bad(`says ${text} in rule ${rule.id}: an action is ${ACTIONS.map((action) => `"${action}"`).join(', ')}.`)
    }
  }
  const known = new Set([...INPUTS, ...model.decisions.map(({ variable }) => variable)])
  for (const decision of model.decisions) {
    if (decision.logic.kind !== 'table') continue
    for (const { expression } of decision.logic.inputs) {
      const name = /^([A-Za-z_]\w*)(\.\w+)*$/.exec(expression)?.[1]
      if (name !== undefined && !known.has(name)) findings.push(finding('unknownDecisionInput', decision.id, `${called(decision)} asks for ${name}, which is not known of an event: there are ${INPUTS.join(', ')}.`))
    }
  }
  return findings
}
