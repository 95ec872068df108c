import { describe, expect, it } from 'vitest'
import { chainsOf } from './chains.js'

const flows: Record<string, [string, string]> = {
  pay: ['start', 'pay'],
  split: ['pay', 'split'],
  pack: ['split', 'pack'],
  invoice: ['split', 'invoice'],
  packed: ['pack', 'join'],
  ship: ['join', 'ship'],
  other: ['x', 'y'],
}
const chains = (...taken: string[]) => chainsOf(taken, (flow) => flows[flow] && { from: flows[flow][0], to: flows[flow][1] })

describe('the ways of tokens', () => {
  it('are one way where each flow begins where the last one ended', () => {
    expect(chains('pay', 'split', 'pack')).toEqual([{ flows: ['pay', 'split', 'pack'] }])
  })

  it('fork at a parallel split, the second when the first has come there', () => {
    expect(chains('pay', 'split', 'pack', 'invoice')).toEqual([
      { flows: ['pay', 'split', 'pack'] },
      { flows: ['invoice'], after: { chain: 0, flows: 2 } },
    ])
  })

  it('are two ways where two tokens move apart from each other', () => {
    expect(chains('packed', 'other', 'ship')).toEqual([{ flows: ['packed', 'ship'] }, { flows: ['other'] }])
  })

  it('pass over flows that the drawing does not have', () => expect(chains('nowhere', 'pay')).toEqual([{ flows: ['pay'] }]))
})
