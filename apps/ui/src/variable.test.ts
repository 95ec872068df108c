import { expect, it } from 'vitest'
import { parseVariable } from './variable.js'

it.each([
  ['amount > 100', { 'var.amount[gt]': '100' }],
  ['amount>=100', { 'var.amount[gte]': '100' }],
  [' customer.name ~ Ann B ', { 'var.customer.name[contains]': 'Ann B' }],
  ['city = Berlin', { 'var.city[eq]': 'Berlin' }],
  ['city != Berlin', { 'var.city[ne]': 'Berlin' }],
  ['note = a=b', { 'var.note[eq]': 'a=b' }],
  ['', undefined],
  ['amount', undefined],
  ['amount >', undefined],
  ['> 100', undefined],
])('reads "%s"', (typed, params) => expect(parseVariable(typed)).toEqual(params))
