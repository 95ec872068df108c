/** What goes wrong at the edge: senders, receivers, what comes in, models that are deployed meanwhile. */
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { modelFile } from '@tidemark/example-order-fulfilment'
import { always, type Mishap } from './mishap.js'

export const mishapsOfSenders: readonly Mishap[] = [
  {
    // The event was taken and its sender never heard of it, so that it comes again.
    name: 'the connections of the senders are cut', applies: always,
    async happen(house, share) {
      for (let times = 1 + Math.floor(share() * 4); times > 0; times--) {
        house.front.cut()
        await pause(share() * 300)
      }
    },
  },
  {
    name: 'the receivers of commands fail', applies: always,
    async happen(house, share) {
      const ways = [500, 503, 'cut', 'hang', { status: 429, headers: { 'retry-after': '1' } }, 404] as const
      house.receiver.behave(...Array.from({ length: 3 + Math.floor(share() * 8) }, () => ways[Math.floor(share() * ways.length)]!))
    },
  },
  {
    name: 'nonsense is sent', applies: always,
    async happen(house) {
      for (const [type, body] of NONSENSE) {
        const answer = await fetch(`${house.api.url}/api/v1/events`, { method: 'POST', headers: { 'content-type': type }, body }).catch(() => undefined)
        if (answer !== undefined && ![400, 413, 415, 422, 503].includes(answer.status)) throw new Error(`${body.slice(0, 60)} was answered ${answer.status}`)
      }
    },
  },
  {
    name: 'the model is deployed again', applies: always,
    async happen(house, share) {
      const xml = await readFile(modelFile, 'utf8')
      // It says something else, and follows as before.
      const other = xml.replace('</bpmn:definitions>', `<!-- ${share()} --></bpmn:definitions>`)
      await house.api.deploy(other).catch((error: { status?: number; message: string }) => {
        if (error.status !== undefined && error.status !== 503) throw error
      })
    },
  },
]

const NONSENSE: readonly (readonly [string, string])[] = [
  ['application/cloudevents+json', '{"specversion":"1.0","source":"/x","type":"order.placed"}'],
  ['application/cloudevents+json', '{"specversion":"1.0","id":"n\\u0000","source":"/x","type":"order.placed"}'],
  ['application/cloudevents+json', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ['application/cloudevents-batch+json', '[{"specversion":"1.0","id":"n1","source":"/x","type":"order.placed"},{"id":7}]'],
  ['application/cloudevents+json', '{"specversion":"1.0","id":"n2","source":"/x","type":"t","time":"yesterday"}'],
  ['text/plain', 'hello'],
]
