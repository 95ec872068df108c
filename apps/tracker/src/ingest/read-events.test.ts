import { CloudEvent } from 'cloudevents'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TrackerError } from '../problem.js'
import { readEvents } from './read-events.js'

const RUNS = 300
const SEED = 42

/** Text that a log can hold: whole characters, no NUL. */
const text = (maxLength: number) => fc.string({ minLength: 1, maxLength, unit: 'grapheme' }).filter((one) => !one.includes('\0') && one.length <= maxLength)
const time = fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2999-12-31T23:59:59Z'), noInvalidDate: true }).map((date) => date.toISOString())
const reserved = new Set(['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'data', 'data_base64'])
const extensions = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/).filter((name) => !reserved.has(name)), text(40), { maxKeys: 3 })
const data = fc.json({ maxDepth: 3 }).map((json) => JSON.parse(json.replaceAll('\\u0000', 'x').replaceAll('__proto__', 'proto')) as unknown)
const events = fc
  .record({ id: text(60), source: fc.webUrl(), type: fc.stringMatching(/^[a-z]{1,9}(\.[a-z]{1,9}){0,3}$/), subject: text(60), time, data, extensions })
  .map(({ extensions: others, ...event }) => ({ specversion: '1.0', ...others, ...event, datacontenttype: 'application/json' }))

const one = (contentType: string, body: string, headers: Record<string, string> = {}) => {
  const drafts = readEvents({ ...headers, 'content-type': contentType }, Buffer.from(body))
  return drafts.map(({ key, subject, time: at, payload }) => ({ key, subject, time: at, event: JSON.parse(Buffer.from(payload).toString()) as unknown }))
}

describe('events of any content', () => {
  test('are the same event in structured, binary and batch mode', () => {
    fc.assert(fc.property(events, (event) => {
      const { data: body, datacontenttype, ...attributes } = event
      const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(value)]))
      const structured = one('application/cloudevents+json; charset=utf-8', JSON.stringify(event))
      expect(structured).toMatchObject([{ key: `${event.source}\0${event.id}`, time: Date.parse(event.time), event }])
      expect(one(datacontenttype, JSON.stringify(body), headers)).toEqual(structured)
      expect(one('application/cloudevents-batch+json', JSON.stringify([event, event], undefined, 2))).toEqual([...structured, ...structured])
    }), { numRuns: RUNS, seed: SEED })
  })

  test('that are taken are events in the eyes of the SDK, too, whatever is broken in them', () => {
    let [taken, refused] = [0, 0]
    const names = fc.constantFrom('specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'Extra', 'ex-tra', 'extra')
    const values = fc.oneof(fc.constantFrom('', '1.0', '0.3', 'yesterday', '2026-02-30T00:00:00Z', 'a b', 0, true, {}, []), text(10), time)
    fc.assert(fc.property(events, names, values, (event, name, value) => {
      const broken = { ...event, [name]: value } as Record<string, unknown>
      let isTaken = true
      try {
        one('application/cloudevents+json', JSON.stringify(broken))
        taken += 1
      } catch (error) {
        expect(error).toBeInstanceOf(TrackerError)
        expect((error as TrackerError).status).toBe(400)
        isTaken = false
        refused += 1
      }
      // It looks at URIs more closely than we do, who only compare them.
      if (isTaken && !['source', 'dataschema'].includes(name)) expect(new CloudEvent(broken as never, true).id).toBe(broken['id'])
    }), { numRuns: RUNS, seed: SEED })
    expect(taken).toBeGreaterThan(RUNS / 10)
    expect(refused).toBeGreaterThan(RUNS / 10)
  })
})
