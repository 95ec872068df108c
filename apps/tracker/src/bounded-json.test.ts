import { describe, expect, it } from 'vitest'
import { parseBoundedJson } from './bounded-json.js'
import { TrackerError } from './problem.js'

/** Repeatable chance (mulberry32). */
function randomOf(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % bound
  }
}

function valueOf(text: string): unknown {
  try {
    return parseBoundedJson(Buffer.from(text)).value
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error
    return 'refused'
  }
}

function plain(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return 'refused'
  }
}

describe('An array that is read object by object', () => {
  it.each([
    '[{"a":1},{"b":[{"c":"]}"}]}]', ' [ {"a":1}\n,\t{"b":2} ] ', '[{"ä":"ö"},{}]', '[]', '[1,{"a":1},"x"]', '[[{"a":1}],{"b":2}]', '[{"a":1}{"b":2}]', '[{"a":1},,{"b":2}]',
    '[{"a":1},]', '[,{"a":1}]', '[{"a":1}', '{"a":1}]', '[{"a":1}]]', '[[{"a":1}]', '[{"a":1}] x', 'x[{"a":1}]', '[{"a":1},x{"b":2}]', '[{"a":1,}]', '[{"a":[}]', '[{"a":{"b":1]}]',
    '[{"a":1};{"b":2}]', '[{"a":1}:[2]]',
  ])('%s is what JSON says it is', (text) => {
    expect(valueOf(text)).toEqual(plain(text))
  })

  it('is what JSON says it is, whatever is changed in it (10,000 times)', () => {
    const random = randomOf(7)
    const base = '[{"id":"e-1","data":{"x":[1,{"y":null}],"s":"a\\"b"}}, {"id":"e-2"} ,{"n":1.5}]'
    const letters = '[]{},:"\\ 1ax\n'
    let refused = 0
    for (let i = 0; i < 10_000; i += 1) {
      let text = base
      for (let changes = 1 + random(3); changes > 0; changes -= 1) {
        const at = random(text.length)
        text = text.slice(0, at) + (random(3) === 0 ? '' : letters[random(letters.length)]!) + text.slice(at + random(2))
      }
      const wanted = plain(text)
      if (wanted === 'refused') refused += 1
      expect(valueOf(text), text).toEqual(wanted)
    }
    expect(refused).toBeGreaterThan(1_000)
    expect(refused).toBeLessThan(9_900)
  })

  it('still refuses in each object what cannot be stored', () => {
    for (const text of ['[{"a":1},{"b":"\\u0000"}]', '[{"a":1},{"__proto__":1}]', '[{"a":"\\ud800"}]', '[{"a":1e999}]', `[{"a":${'['.repeat(70)}${']'.repeat(70)}}]`]) expect(valueOf(text), text).toBe('refused')
  })
})
