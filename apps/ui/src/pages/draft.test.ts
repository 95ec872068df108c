import { describe, expect, it } from 'vitest'
import { sorted } from './draft.js'

const file = (name: string): File => new File(['x'], name)
const bpmn = file('orders.bpmn')
const yaml = file('orders.mapping.yaml')
const dmn = file('strays.dmn')
const draft = { model: bpmn, mapping: yaml, decision: dmn, xml: '' }

describe('files that were dropped', () => {
  it('are a model and its mapping, in whatever order they come', () => {
    expect(sorted([yaml, bpmn], undefined)).toEqual({ model: bpmn, mapping: yaml, decision: undefined })
    expect(sorted([dmn, yaml, bpmn], undefined)).toEqual({ model: bpmn, mapping: yaml, decision: dmn })
    expect(sorted([bpmn], undefined)).toEqual({ model: bpmn, mapping: undefined, decision: undefined })
  })

  it('join what is there where they are a mapping alone', () => {
    const other = file('other.json')
    expect(sorted([other], draft)).toEqual({ model: bpmn, mapping: other, decision: dmn })
    expect(sorted([file('b.dmn')], draft)).toMatchObject({ model: bpmn, mapping: yaml, decision: { name: 'b.dmn' } })
  })

  it('take the mapping away with the model that it belonged to', () => {
    const next = file('claims.bpmn')
    expect(sorted([next], draft)).toEqual({ model: next, mapping: undefined, decision: undefined })
  })

  it('are refused with what to do where they are two models, or a mapping without one', () => {
    expect(sorted([bpmn, file('b.bpmn')], undefined).problem).toContain('one BPMN file at a time')
    expect(sorted([yaml], undefined).problem).toContain('is a mapping. Drop the BPMN file first')
    expect(sorted([dmn], undefined).problem).toContain('is a decision. Drop the BPMN file first')
  })
})
