/** Decision tables in a few lines, written out as DMN: so that tests go the whole way from the file to the decision. */

export interface TableDraft {
  readonly hitPolicy?: string
  readonly aggregation?: string
  /** FEEL, or with type and allowed values. */
  readonly inputs: readonly (string | { readonly expression: string; readonly type?: string; readonly allowed?: string })[]
  readonly outputs: readonly (string | { readonly name: string; readonly type?: string; readonly values?: string; readonly default?: string })[]
  /** Tests, then outputs. */
  readonly rules: readonly (readonly (string | number | boolean)[])[]
}

export interface DecisionDraft {
  readonly id?: string
  readonly name?: string
  readonly requires?: readonly string[]
  readonly table?: TableDraft
  readonly expression?: string
  readonly type?: string
}

export const DMN_VERSIONS = {
  '1.1': 'http://www.omg.org/spec/DMN/20151101/dmn.xsd', '1.2': 'http://www.omg.org/spec/DMN/20180521/MODEL/', '1.3': 'https://www.omg.org/spec/DMN/20191111/MODEL/',
  '1.4': 'https://www.omg.org/spec/DMN/20211108/MODEL/', '1.5': 'https://www.omg.org/spec/DMN/20230324/MODEL/',
} as const

export function dmnOf(decisions: readonly DecisionDraft[], version: keyof typeof DMN_VERSIONS = '1.3', types = ''): string {
  return `<definitions xmlns="${DMN_VERSIONS[version]}" id="d" name="d" namespace="urn:test">${types}${decisions.map(decisionOf).join('')}</definitions>`
}

/** A table for events without an instance: action and reason by type. */
export function admissionOf(rules: TableDraft['rules'], inputs: TableDraft['inputs'] = ['type'], id = 'unfollowed'): string {
  return dmnOf([{ id, table: { hitPolicy: 'FIRST', inputs, outputs: [{ name: 'action', type: 'string' }, { name: 'reason', type: 'string' }], rules } }])
}

function decisionOf({ id = 'decision', name = id, requires = [], table, expression, type }: DecisionDraft): string {
  const requirements = requires.map((other) => `<informationRequirement><requiredDecision href="#${other}"/></informationRequirement>`).join('')
  const logic = table !== undefined ? tableOf(table) : expression === undefined ? '' : `<literalExpression${type === undefined ? '' : ` typeRef="${type}"`}>${text(expression)}</literalExpression>`
  return `<decision id="${id}" name="${name}"><variable name="${name}"/>${requirements}${logic}</decision>`
}

function tableOf({ hitPolicy = 'UNIQUE', aggregation, inputs, outputs, rules }: TableDraft): string {
  const ins = inputs.map((input) => (typeof input === 'string' ? { expression: input } : input))
  const outs = outputs.map((output) => (typeof output === 'string' ? { name: output } : output))
  return `<decisionTable hitPolicy="${hitPolicy}"${aggregation === undefined ? '' : ` aggregation="${aggregation}"`}>`
    + ins.map((input) => `<input><inputExpression${typeRef(input)}>${text(input.expression)}</inputExpression>${'allowed' in input ? `<inputValues>${text(input.allowed ?? '')}</inputValues>` : ''}</input>`).join('')
    + outs.map((output) => `<output name="${output.name}"${typeRef(output)}>${'values' in output ? `<outputValues>${text(output.values ?? '')}</outputValues>` : ''}${'default' in output ? `<defaultOutputEntry>${text(output.default ?? '')}</defaultOutputEntry>` : ''}</output>`).join('')
    + rules.map((cells, index) => `<rule id="r${index + 1}">${cells.map((cell, column) => (column < ins.length ? `<inputEntry>${text(String(cell))}</inputEntry>` : `<outputEntry>${text(String(cell))}</outputEntry>`)).join('')}</rule>`).join('')
    + '</decisionTable>'
}

function typeRef(clause: { readonly type?: string }): string {
  return clause.type === undefined ? '' : ` typeRef="${clause.type}"`
}

function text(feel: string): string {
  return `<text>${feel.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`
}
