import { describe, expect, it } from 'vitest'
import { DuplicateWindow, Fingerprint } from './duplicates.js'

const fingerprint = new Fingerprint(42)

function of(text: string): Fingerprint {
  const bytes = Buffer.from(text)
  return fingerprint.take(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength)
}

describe('The duplicate window', () => {
  it('remembers at least half of its capacity and at most all of it', () => {
    const window = new DuplicateWindow(1_000)
    for (let n = 1; n <= 10_000; n++) window.add(of(`key ${n}`), n)
    const remembered = Array.from({ length: 10_000 }, (_, i) => window.find(of(`key ${i + 1}`))).filter((it) => it !== 0)
    expect(remembered.length).toBeGreaterThanOrEqual(500)
    expect(remembered.length).toBeLessThanOrEqual(1_000)
    expect(remembered.at(-1)).toBe(10_000)
    expect(new Set(remembered).size).toBe(remembered.length)
  })

  it('answers with the original and remembers what is new, in one look, whatever was forgotten meanwhile', () => {
    const window = new DuplicateWindow(100_000)
    const far = 2 ** 40 + 5
    for (let n = 0; n < 20_000; n++) expect(window.findOrAdd(of(`key ${n}`), far + n)).toBe(0)
    expect([0, 1, 19_999].map((n) => window.findOrAdd(of(`key ${n}`), 7))).toEqual([far, far + 1, far + 19_999])
    window.forget(far + 10_000)
    expect([window.find(of('key 9999')), window.find(of('key 10000')), window.find(of('key 19999'))]).toEqual([far + 9_999, 0, 0])
    for (let n = 10_000; n < 40_000; n++) expect(window.findOrAdd(of(`key ${n}`), n)).toBe(0)
    expect([window.find(of('key 9999')), window.find(of('key 10000')), window.find(of('key 39999'))]).toEqual([far + 9_999, 10_000, 39_999])
  })

  it('of no size remembers nothing', () => {
    const window = new DuplicateWindow(0)
    window.add(of('a'), 1)
    expect(window.find(of('a'))).toBe(0)
  })
})

describe('A fingerprint', () => {
  it('is the same wherever the bytes stand', () => {
    const bytes = Buffer.from('....some bytes to look at.')
    const { a, b, c } = of('some bytes to look at')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    expect(fingerprint.take(view, 4, bytes.byteLength - 1)).toMatchObject({ a, b, c })
  })

  it('differs in each of its three lanes for inputs that differ little', () => {
    const lanes: [Set<number>, Set<number>, Set<number>] = [new Set(), new Set(), new Set()]
    for (let n = 0; n < 20_000; n++) {
      const { a, b, c } = of(`https://shop.example/orders\0${n} {"amount":${n % 7}}`)
      lanes[0].add(a)
      lanes[1].add(b)
      lanes[2].add(c)
    }
    // 20,000 draws of 2^32 collide 0.05 times on average.
    for (const lane of lanes) expect(lane.size).toBeGreaterThanOrEqual(19_998)
  })
})
