import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MAX_PACKED, TextReader, TextWriter } from './packed-text.js'

it('what is packed to a text is read from it again', () => {
  const integer = fc.integer({ min: 1 - MAX_PACKED, max: MAX_PACKED - 1 })
  fc.assert(fc.property(fc.array(fc.oneof(integer, fc.nat(300), fc.string({ unit: 'binary' }), fc.stringMatching(/^order-[0-9]{3}$/))), (values) => {
    const writer = new TextWriter()
    let before = ''
    for (const value of values) {
      if (typeof value === 'number') writer.integer(value)
      else {
        writer.string(value, before)
        before = value
      }
    }
    const reader = new TextReader(writer.text)
    before = ''
    for (const value of values) {
      if (typeof value === 'number') expect(reader.integer()).toBe(value)
      else expect(before = reader.string(before)).toBe(value)
    }
    expect(reader.isDone).toBe(true)
  }), { seed: 3, numRuns: 300 })
})
