import type { Fact } from '@tidemark/bpmn'
import { expect, it } from 'vitest'
import { OwnEvents } from './own-events.js'

let entries = 0n
/** Each is another entry of the log. */
const fact = (id: string, source = '/shop') => ({ id, source, position: entries++ }) as Fact

it('tells an event that it has by source and id, however many it has and however alike they are', () => {
  const events = new OwnEvents()
  // The last of each pair differs from the first where nobody looks who looks at the end of an id alone.
  const ids = Array.from({ length: 50 }, (_, index) => [`order-${index}:goods.reserved.now`, `order_${index}:goods.reserved.now`]).flat()
  for (const [index, id] of ids.entries()) expect(events.take(fact(id), `${index} content that goes on`)).toBe('new')
  for (const [index, id] of ids.entries()) {
    expect(events.take(fact(id), `${index} content that goes on`)).toBe('same')
    expect(events.take(fact(id), 'of another')).toBe('another')
  }
  for (const id of ids) expect(events.take(fact(id, '/till'), 'of the till')).toBe('new')
  for (const id of ids) expect(events.take(fact(id, '/till'), 'another')).toBe('another')
})

it('knows an entry that is read again, also the first and the last of many', () => {
  const events = new OwnEvents()
  const facts = Array.from({ length: 50 }, (_, index) => fact(`order:${index}`))
  for (const one of facts) expect(events.take(one, 'content')).toBe('new')
  for (const one of facts) expect(events.take({ ...one }, 'content')).toBe('itself')
})
