/** Faults of a decision that show without any input. */
import type { Finding } from '../model.js'
import { called, finding } from '../read/finding-codes.js'
import type { Decision, DecisionModel, DecisionTable } from './decision.js'
import { compileTests, compileValue } from './feel.js'

export function checkDecision(model: DecisionModel): readonly Finding[] {
  return model.decisions.flatMap((decision) => (decision.logic.kind === 'table' ? checkTable(decision, decision.logic) : cannotBeUsed(decision, 'Its expression', compileValue(decision.logic.text).error)))
}

function checkTable(decision: Decision, table: DecisionTable): Finding[] {
  const findings: Finding[] = []
  const { hitPolicy, aggregator, inputs, outputs, rules } = table
  for (const input of inputs) {
    findings.push(...cannotBeUsed(decision, `The input "${input.expression}"`, compileValue(input.expression).error))
    if (input.allowed !== undefined) findings.push(...cannotBeUsed(decision, `The allowed values of "${input.expression}"`, compileTests(input.allowed).error))
  }
  for (const rule of rules) {
    for (const test of rule.tests) findings.push(...cannotBeUsed(decision, `The test "${test}" of rule ${rule.id}`, compileTests(test).error))
    for (const output of rule.outputs) findings.push(...cannotBeUsed(decision, `The output "${output}" of rule ${rule.id}`, compileValue(output).error))
  }
  for (const output of outputs) {
    for (const text of [...output.allowed, ...(output.otherwise === undefined ? [] : [output.otherwise])]) findings.push(...cannotBeUsed(decision, `The value "${text}" of output ${output.name}`, compileValue(text).error))
  }
  const bad = (message: string) => findings.push(finding('badDecision', decision.id, `${called(decision)} ${message}`))
  if ((hitPolicy === 'PRIORITY' || hitPolicy === 'OUTPUT ORDER') && outputs.every((output) => output.allowed.length === 0)) bad(`has the hit policy ${hitPolicy}, but no output lists its values in order of priority.`)
  if (aggregator !== undefined && hitPolicy !== 'COLLECT') bad(`aggregates its outputs, which only the hit policy COLLECT does.`)
  if (aggregator !== undefined && outputs.length > 1) bad('aggregates several outputs: an aggregation has one.')
  if (outputs.length > 1 && new Set(outputs.map(({ name }) => name)).size < outputs.length) bad('has several outputs, and two of them have the same name, or none.')
  if (rules.length === 0) findings.push(finding('emptyDecision', decision.id, `The table of ${called(decision)} has no rule, so it decides nothing.`))
  findings.push(...unreachable(decision, table))
  return findings
}

/** A rule that an earlier one with the same or fewer demands always hides, or contradicts. */
function unreachable(decision: Decision, { hitPolicy, rules, outputs }: DecisionTable): Finding[] {
  if (hitPolicy !== 'FIRST' && hitPolicy !== 'UNIQUE' && hitPolicy !== 'ANY') return []
  return rules.flatMap((rule, index) => {
    const hiding = rules.slice(0, index).find((earlier) => earlier.tests.every((test, column) => test === '-' || test === rule.tests[column]))
    if (hiding === undefined) return []
    const saysTheSame = outputs.every((_, column) => hiding.outputs[column] === rule.outputs[column])
    if (hitPolicy === 'ANY' && saysTheSame) return []
    const what = hitPolicy === 'FIRST' ? 'is never reached' : 'matches together with another'
    return [finding('hiddenRule', decision.id, `Rule ${rule.id} of ${called(decision)} ${what}: rule ${hiding.id} matches whatever it matches.`)]
  })
}

function cannotBeUsed(decision: Decision, what: string, error: string | undefined): Finding[] {
  return error === undefined ? [] : [finding('badExpression', decision.id, `${what} in ${called(decision)} cannot be used: ${error}.`)]
}
