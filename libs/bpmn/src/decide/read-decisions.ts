/// <reference path="./dmn-moddle.d.ts" />
/** Reads the decisions of a DMN file (1.1 to 1.5). Never throws on bad input: what is wrong stands in the findings. */
import { DmnModdle } from 'dmn-moddle'
import type { Finding } from '../model.js'
import { decode } from '../read/decode.js'
import { called, finding } from '../read/finding-codes.js'
import { defaultLimits } from '../read/limits.js'
import { many, nameOf, one, text, type ModdleElement } from '../read/moddle-element.js'
import { readXml } from '../read/xml-tree.js'
import type { Aggregator, Decision, DecisionModel, DecisionRule, DecisionTable, HitPolicy, InputClause, OutputClause, ValueType } from './decision.js'
import { valueType } from './values.js'

export interface ReadDecisions {
  /** By id of the decision that is asked for: each decision of the file that could be read with all that it requires. */
  readonly decisions: ReadonlyMap<string, DecisionModel>
  /** Those that no other decision requires: what such a file is about, usually one. */
  readonly roots: readonly string[]
  readonly findings: readonly Finding[]
}

/** The parser knows one version of the standard; the model elements that are read here are the same in all of them. */
const MODEL = 'https://www.omg.org/spec/DMN/20191111/MODEL/'
const OTHER_VERSIONS = [
  'http://www.omg.org/spec/DMN/20151101/dmn.xsd', 'http://www.omg.org/spec/DMN/20180521/MODEL/', 'https://www.omg.org/spec/DMN/20211108/MODEL/',
  'https://www.omg.org/spec/DMN/20230324/MODEL/',
]
const FEEL = /feel/i
const MAX_RULES = 2_000

export async function readDecisions(file: string | Uint8Array): Promise<ReadDecisions> {
  const none = (problem: Finding): ReadDecisions => ({ decisions: new Map(), roots: [], findings: [problem] })
  if (file.length > defaultLimits.maxBytes) return none(finding('badDecision', undefined, `The decision file is larger than ${defaultLimits.maxBytes} bytes.`))
  const decoded = decode(file)
  if ('finding' in decoded) return none(decoded.finding)
  const wellFormed = readXml(decoded.text, defaultLimits)
  if ('finding' in wellFormed) return none(wellFormed.finding)
  const { root } = wellFormed
  if (root.local !== 'definitions' || (root.uri !== MODEL && !OTHER_VERSIONS.includes(root.uri))) {
    return none(finding('badDecision', undefined, `The decision file starts with <${root.name}>, not with the definitions of DMN 1.1 to 1.5.`))
  }
  try {
    const { rootElement, warnings } = await new DmnModdle().fromXML(decoded.text.replaceAll(root.uri, MODEL))
    const lost = warnings.filter(({ message }) => !message.startsWith('unresolved reference')).map(({ message }) => (
      finding('badDecision', undefined, `A part of the decision file could not be read: ${message.replace(/\s+/g, ' ').slice(0, 200)}.`)
    ))
    return new Reader(rootElement as ModdleElement, lost).read()
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return none(finding('badDecision', undefined, `The decision file cannot be read as DMN: ${reason}.`))
  }
}

class Reader {
  readonly #findings: Finding[]
  readonly #types: ReadonlyMap<string, ModdleElement>
  readonly #elements: readonly ModdleElement[]

  constructor(definitions: ModdleElement, findings: readonly Finding[]) {
    this.#findings = [...findings]
    this.#types = new Map(many(definitions, 'itemDefinition').map((item) => [item.name ?? '', item]))
    this.#elements = many(definitions, 'drgElement').filter((element) => element.$type === 'dmn:Decision')
  }

  read(): ReadDecisions {
    const own = new Map<string, { decision: Decision; requires: readonly string[] }>()
    for (const element of this.#elements) {
      const decision = this.#decision(element)
      if (decision !== undefined) own.set(decision.id, { decision, requires: this.#requires(element) })
    }
    if (this.#elements.length === 0) this.#fault(undefined, 'The decision file has no decision.')
    const required = new Set([...own.values()].flatMap(({ requires }) => requires))
    const decisions = new Map<string, DecisionModel>()
    for (const id of own.keys()) {
      const ordered = this.#ordered(id, own)
      if (ordered !== undefined) decisions.set(id, { decisions: ordered })
    }
    return { decisions, roots: [...decisions.keys()].filter((id) => !required.has(id)), findings: this.#findings }
  }

  #decision(element: ModdleElement): Decision | undefined {
    const id = element.id ?? ''
    const name = nameOf(element) || id
    const logic = one(element, 'decisionLogic')
    if (many(element, 'knowledgeRequirement').length > 0) return this.#unsupported(element, 'a business knowledge model')
    const variable = one(element, 'variable')
    const base = { id, name, variable: nameOf(variable) || name }
    if (logic?.$type === 'dmn:DecisionTable') return { ...base, logic: this.#table(logic, element) }
    if (logic?.$type !== 'dmn:LiteralExpression') return this.#unsupported(element, logic === undefined ? 'no logic' : `a ${logic.$type.replace('dmn:', '')}`)
    return { ...base, logic: { kind: 'expression', text: this.#feel(logic, element), type: this.#type(text(logic, 'typeRef') ?? text(variable, 'typeRef')) } }
  }

  #table(table: ModdleElement, decision: ModdleElement): DecisionTable {
    const inputs = many(table, 'input').map((input): InputClause => {
      const expression = one(input, 'inputExpression')
      const reference = text(expression, 'typeRef')
      const allowed = this.#tests(one(input, 'inputValues')) ?? this.#allowedOf(reference)
      const label = text(input, 'label')
      return {
        expression: this.#feel(expression, decision), type: this.#type(reference), ...(label === undefined ? {} : { label }),
        ...(allowed === undefined ? {} : { allowed }),
      }
    })
    const outputs = many(table, 'output').map((output): OutputClause => {
      const reference = text(output, 'typeRef')
      const otherwise = one(output, 'defaultOutputEntry')
      return {
        name: text(output, 'name') ?? text(output, 'label') ?? '', type: this.#type(reference),
        allowed: listed(this.#tests(one(output, 'outputValues')) ?? this.#allowedOf(reference)),
        ...(otherwise === undefined ? {} : { otherwise: this.#feel(otherwise, decision) }),
      }
    })
    const rules = many(table, 'rule').map((rule, index): DecisionRule => {
      const note = many(rule, 'annotationEntry').map((entry) => text(entry, 'text')).find((entry) => entry !== undefined) ?? text(rule, 'description')
      const made = {
        id: rule.id ?? String(index + 1), ...(note === undefined ? {} : { note: note.replace(/\s+/g, ' ').trim() }),
        tests: many(rule, 'inputEntry').map((entry) => this.#tests(entry) ?? '-'), outputs: many(rule, 'outputEntry').map((entry) => this.#feel(entry, decision)),
      }
      if (made.tests.length !== inputs.length || made.outputs.length !== outputs.length) {
        this.#fault(decision.id, `Rule ${made.id} of ${called({ id: decision.id ?? '', name: nameOf(decision) })} has ${made.tests.length} tests and ${made.outputs.length} outputs; its table has ${inputs.length} inputs and ${outputs.length} outputs.`)
      }
      return made
    })
    if (outputs.length === 0) this.#fault(decision.id, `The table of ${called({ id: decision.id ?? '', name: nameOf(decision) })} has no output.`)
    if (rules.length > MAX_RULES) this.#fault(decision.id, `The table of ${called({ id: decision.id ?? '', name: nameOf(decision) })} has more than ${MAX_RULES} rules.`)
    const aggregation = text(table, 'aggregation') as Aggregator | undefined
    return {
      kind: 'table', hitPolicy: (text(table, 'hitPolicy') ?? 'UNIQUE') as HitPolicy, inputs, outputs, rules, ...(aggregation === undefined ? {} : { aggregator: aggregation }),
    }
  }

  /** What it requires comes first; undefined where it requires what is not there, or itself. */
  #ordered(id: string, own: ReadonlyMap<string, { decision: Decision; requires: readonly string[] }>): readonly Decision[] | undefined {
    const done = new Map<string, Decision>()
    const open = new Set<string>()
    const visit = (each: string): boolean => {
      if (done.has(each)) return true
      const found = own.get(each)
      if (found === undefined || open.has(each)) return false
      open.add(each)
      if (!found.requires.every(visit)) return false
      done.set(each, found.decision)
      return true
    }
    if (visit(id)) return [...done.values()]
    this.#fault(id, `The decision ${id} requires itself, or a decision that the file does not have or that cannot be followed.`)
    return undefined
  }

  #requires(element: ModdleElement): readonly string[] {
    return many(element, 'informationRequirement').flatMap((requirement) => {
      const href = text(one(requirement, 'requiredDecision'), 'href')
      return href === undefined ? [] : [href.replace(/^.*#/, '')]
    })
  }

  #feel(expression: ModdleElement | undefined, decision: ModdleElement): string {
    const language = text(expression, 'expressionLanguage')
    if (language !== undefined && !FEEL.test(language)) this.#fault(decision.id, `${called({ id: decision.id ?? '', name: nameOf(decision) })} has an expression in ${language}: only FEEL can be used.`)
    return text(expression, 'text')?.trim() ?? 'null'
  }

  #tests(tests: ModdleElement | undefined): string | undefined {
    return text(tests, 'text')?.trim()
  }

  /** A simple type of the file's own stands for what it is made of. */
  #type(reference: string | undefined): ValueType {
    const item = this.#types.get(reference ?? '')
    if (item === undefined) return valueType(reference)
    return item.get('isCollection') === true || many(item, 'itemComponent').length > 0 ? 'any' : valueType(text(item, 'typeRef'))
  }

  #allowedOf(reference: string | undefined): string | undefined {
    const item = this.#types.get(reference ?? '')
    return item?.get('isCollection') === true ? undefined : this.#tests(one(item, 'allowedValues'))
  }

  #unsupported(element: ModdleElement, what: string): undefined {
    this.#findings.push(finding('unsupportedDecision', element.id, `The decision ${called({ id: element.id ?? '', name: nameOf(element) })} has ${what}: decision tables and literal expressions can be used.`))
    return undefined
  }

  #fault(element: string | undefined, message: string): void {
    this.#findings.push(finding('badDecision', element, message))
  }
}

/** `"low", "high"` as its parts; a comma within quotes parts nothing. */
function listed(values: string | undefined): string[] {
  return (values ?? '').match(/(?:"[^"]*"|[^,"])+/g)?.map((value) => value.trim()).filter((value) => value !== '') ?? []
}
