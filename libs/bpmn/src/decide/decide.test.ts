import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { admissionOf, DMN_VERSIONS, dmnOf, type TableDraft } from '../testing/decisions.js'
import { Admission, readAdmission, type AdmissionInput } from './admission.js'
import { checkDecision } from './check-decision.js'
import { compileDecision, type Decided } from './evaluate.js'
import { readDecisions } from './read-decisions.js'

type Cases = Record<string, { table: TableDraft; cases: { given: Record<string, unknown>; expect?: unknown; problem?: string }[] }>

const decide = async (dmn: string, given: Record<string, unknown>): Promise<Decided> => {
  const { decisions, roots, findings } = await readDecisions(dmn)
  expect(findings).toEqual([])
  const model = decisions.get(roots[0] ?? '')
  if (model === undefined) throw new Error('there is no decision')
  return compileDecision(model).decide(given)
}
const codes = async (dmn: string): Promise<string[]> => {
  const { decisions, findings } = await readDecisions(dmn)
  return [...findings, ...[...decisions.values()].flatMap(checkDecision)].map(({ code }) => code)
}
const table = (draft: TableDraft): string => dmnOf([{ table: draft }])

describe.each(['hit-policies', 'tests-and-types'])('decisions of cases/%s', (file) => {
  const all = parse(readFileSync(new URL(`cases/${file}.yaml`, import.meta.url), 'utf8')) as Cases
  for (const [name, { table: draft, cases }] of Object.entries(all)) {
    test.each(cases.map((each) => [JSON.stringify(each.given), each] as const))(`${name}: %s`, async (_, { given, expect: expected, problem }) => {
      const decided = await decide(table(draft), given)
      if (problem === undefined) expect(decided).toMatchObject({ value: expected })
      else expect(decided).toMatchObject({ value: null, problem: expect.stringContaining(problem) })
      expect(decided.problem === undefined).toBe(problem === undefined)
    })
  }
})

test.each(Object.keys(DMN_VERSIONS) as (keyof typeof DMN_VERSIONS)[])('DMN %s is read', async (version) => {
  expect(await decide(dmnOf([{ expression: 'a + 1', type: 'number' }], version), { a: 1 })).toMatchObject({ value: 2 })
})

describe('decisions that require others', () => {
  test('are made after them, whatever their order in the file', async () => {
    const dmn = dmnOf([
      { id: 'last', requires: ['score', 'limit'], expression: 'if score > limit then "yes" else "no"' },
      { id: 'score', table: { inputs: ['age'], outputs: ['s'], rules: [['< 30', 10], ['>= 30', 90]] } },
      { id: 'limit', requires: ['base'], expression: 'base * 2' }, { id: 'base', expression: '25' },
    ])
    expect(await decide(dmn, { age: 40 })).toMatchObject({ value: 'yes' })
    expect(await decide(dmn, { age: 20 })).toMatchObject({ value: 'no' })
  })

  test('in a circle, or that are not there, are refused', async () => {
    expect(await codes(dmnOf([{ id: 'a', requires: ['b'], expression: 'b' }, { id: 'b', requires: ['a'], expression: 'a' }]))).toEqual(['badDecision', 'badDecision'])
    expect(await codes(dmnOf([{ id: 'a', requires: ['gone'], expression: '1' }]))).toEqual(['badDecision'])
  })
})

test('a type of the file stands for what it is made of, with the values it allows', async () => {
  const types = '<itemDefinition name="tState"><typeRef>string</typeRef><allowedValues><text>"open","shut"</text></allowedValues></itemDefinition>'
  const dmn = dmnOf([{ table: { inputs: [{ expression: 'state', type: 'tState' }], outputs: ['x'], rules: [['"open"', 1]] } }], '1.3', types)
  expect(await decide(dmn, { state: 'open' })).toMatchObject({ value: 1 })
  expect((await decide(dmn, { state: 'ajar' })).problem).toContain('does not allow')
  expect((await decide(dmn, { state: 1 })).problem).toContain('no string')
})

describe('a file that cannot be used', () => {
  test.each([
    ['no XML', '<definitions', ['notXml']],
    ['a DOCTYPE', '<!DOCTYPE x [<!ENTITY a "b">]><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', ['doctypeRefused']],
    ['no DMN', '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>', ['badDecision']],
    ['no decision', dmnOf([]), ['badDecision']],
    ['no logic', dmnOf([{}]), ['unsupportedDecision']],
    ['a list as logic', dmnOf([{}]).replace('</decision>', '<list/></decision>'), ['unsupportedDecision']],
    ['another language', table({ inputs: ['a'], outputs: ['x'], rules: [['1', '1']] }).replace('<inputExpression>', '<inputExpression expressionLanguage="groovy">'), ['badDecision']],
    ['a test that cannot be read', table({ inputs: ['a'], outputs: ['x'], rules: [['< ,', '1']] }), ['badExpression']],
    ['a regular expression', table({ inputs: ['a'], outputs: ['x'], rules: [['matches(?, "(a+)+$")', '1']] }), ['badExpression']],
    ['an endless range', table({ inputs: ['a'], outputs: ['x'], rules: [['-', 'count(for i in 1..100000000 return i)']] }), ['badExpression']],
    ['too few cells', table({ inputs: ['a', 'b'], outputs: ['x'], rules: [['1']] }), ['badDecision']],
    ['no rule', table({ inputs: ['a'], outputs: ['x'], rules: [] }), ['emptyDecision']],
    ['priority without values', table({ hitPolicy: 'PRIORITY', inputs: ['a'], outputs: ['x'], rules: [['1', '1']] }), ['badDecision']],
    ['a sum of two outputs', table({ hitPolicy: 'COLLECT', aggregation: 'SUM', inputs: ['a'], outputs: ['x', 'y'], rules: [['1', '1', '1']] }), ['badDecision']],
    ['a hidden rule', table({ hitPolicy: 'FIRST', inputs: ['a', 'b'], outputs: ['x'], rules: [['-', '1', '1'], ['5', '1', '2']] }), ['hiddenRule']],
  ])('for %s', async (_, dmn, expected) => {
    expect(await codes(dmn)).toEqual(expected)
  })
})

test('a table over data that would run away has no outcome, and never hangs', async () => {
  const dmn = table({ inputs: ['count(for a in xs return for b in xs return a)'], outputs: ['x'], rules: [['-', '1']] })
  expect(await decide(dmn, { xs: [1, 2] })).toMatchObject({ value: 1 })
  const begun = performance.now()
  expect((await decide(dmn, { xs: Array.from({ length: 5_000 }, (__, index) => index) })).problem).toContain('run away')
  expect(performance.now() - begun).toBeLessThan(1_000)
})

describe('the decision about an event without an instance', () => {
  const input: AdmissionInput = { type: 'paid', source: '/pay', key: 'A', time: 0, appendTime: 0, data: {}, elements: ['pay'], waiting: [] }
  const admission = async (dmn: string) => {
    const { of, findings } = await readAdmission(dmn, [{ id: 'order' }])
    return { findings: findings.map(({ code }) => code), decide: (given: Partial<AdmissionInput>) => new Admission(of.get('order') ?? { decisions: [] }).decide({ ...input, ...given }) }
  }

  test('names its rule and its reason', async () => {
    const { decide: ask, findings } = await admission(admissionOf([['"paid"', '"ignore"', '"the till sends these too"'], ['"shipped"', '"create"', 'null']]))
    expect(findings).toEqual([])
    expect(ask({ type: 'paid' })).toEqual({ action: 'ignore', reason: 'rule r1: the till sends these too' })
    expect(ask({ type: 'shipped' })).toEqual({ action: 'create', reason: 'rule r2' })
    expect(ask({ type: 'other' })).toMatchObject({ action: 'incident', reason: expect.stringContaining('no rule') })
  })

  test('sees the entry and what waits under its key', async () => {
    const { decide: ask, findings } = await admission(admissionOf([
      ['"/till"', '-', '-', '-', '"ignore"', 'null'], ['-', '> 100', '-', '-', '"incident"', 'null'], ['-', '-', '> 3600', '-', '"ignore"', 'null'],
      ['-', '-', '-', '>= 2', '"create"', 'null'], ['-', '-', '-', '-', '"incident"', '"too few"'],
    ], ['source', 'data.amount', 'lateSeconds', 'count(waiting)']))
    expect(findings).toEqual([])
    expect(ask({ source: '/till' }).action).toBe('ignore')
    expect(ask({ data: { amount: 200 } }).reason).toBe('rule r2')
    expect(ask({ appendTime: 7_200_000 }).action).toBe('ignore')
    expect(ask({ waiting: ['a', 'b'] }).action).toBe('create')
    expect(ask({}).reason).toBe('rule r5: too few')
  })

  test('is an incident where the table cannot decide', async () => {
    const { decide: ask } = await admission(dmnOf([{ table: { inputs: ['type'], outputs: ['action'], rules: [['-', '"ignore"'], ['"paid"', '"create"']] } }]))
    expect(ask({ type: 'paid' })).toMatchObject({ action: 'incident', reason: expect.stringContaining('r1, r2') })
  })

  test.each([
    ['an action that there is not', admissionOf([['-', '"drop"', 'null']]), ['decisionContract']],
    ['no action', dmnOf([{ table: { hitPolicy: 'FIRST', inputs: ['type'], outputs: ['what', 'why'], rules: [['-', '1', '2']] } }]), ['decisionContract']],
    ['a list of actions', dmnOf([{ table: { hitPolicy: 'COLLECT', inputs: ['type'], outputs: ['action'], rules: [['-', '"ignore"']] } }]), ['decisionContract']],
    ['an input that there is not', admissionOf([['-', '"ignore"', 'null']], ['amount']), ['unknownDecisionInput']],
    ['two decisions', dmnOf([{ id: 'a', expression: '"ignore"' }, { id: 'b', expression: '"ignore"' }]), ['decisionContract']],
  ])('is refused or warned of: %s', async (_, dmn, expected) => {
    expect((await admission(dmn)).findings).toEqual(expected)
  })

  test('of several in a file is the one called like the process', async () => {
    const { decide: ask, findings } = await admission(dmnOf([{ id: 'order', expression: '"ignore"' }, { id: 'b', expression: '"create"' }]))
    expect(findings).toEqual([])
    expect(ask({}).action).toBe('ignore')
  })
})

describe('decisions of other tools', () => {
  const path = fileURLToPath(new URL('../../../../../shared/data/bpmn/camunda7-invoice/invoiceBusinessDecisions.dmn', import.meta.url))

  test.skipIf(!existsSync(path))('are read and made (skipped where the recorded data is not there)', async () => {
    const { decisions, roots, findings } = await readDecisions(readFileSync(path))
    expect([...findings, ...[...decisions.values()].flatMap(checkDecision)]).toEqual([])
    expect(roots).toEqual(['invoice-assign-approver'])
    const approver = (amount: number, invoiceCategory: string) => compileDecision(decisions.get('invoice-assign-approver') ?? { decisions: [] }).decide({ amount, invoiceCategory })
    expect(approver(300, 'Travel Expenses').value).toEqual(['accounting', 'sales'])
    expect(approver(2_000, 'Misc').value).toEqual(['management'])
    expect(approver(1, 'Flowers').problem).toContain('does not allow')
  })
})
