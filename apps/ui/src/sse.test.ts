import { describe, expect, it } from 'vitest'
import { SseParser } from './sse.js'

const text = ': hello\nid: 7\ndata: {"a":1}\n\nevent: tick\r\ndata: x\r\ndata: y\r\n\r\nid: 9\n\n'

describe('the live stream', () => {
  it('gives the same messages wherever its chunks are cut', () => {
    const whole = new SseParser().push(text)
    expect(whole).toEqual([{ id: '7', data: '{"a":1}' }, { id: '7', event: 'tick', data: 'x\ny' }])
    for (let cut = 1; cut < text.length; cut++) {
      const parser = new SseParser()
      expect([...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))]).toEqual(whole)
    }
  })

  it('passes over comments, which are only heartbeats', () => {
    expect(new SseParser().push(': still here\n\n')).toEqual([])
  })

  it('refuses a line without end', () => {
    expect(() => new SseParser().push('x'.repeat(1_000_001))).toThrow('too large')
  })
})
