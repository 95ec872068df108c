/**
 * What packing is worth on JetStream: `npm run build:server && node bench/log-jetstream.mjs nats://127.0.0.1:4222`.
 *
 * Beside it, in the same run and on the same server: one message per event, with as many in flight as there are appenders.
 */
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { JetStreamLog } from '../libs/log/dist/jetstream/index.js'
import { target } from './support/targets.mjs'

const [url] = process.argv.slice(2)
if (url === undefined) throw new Error('usage: node bench/log-jetstream.mjs nats://host:4222')
const PAYLOAD = Buffer.alloc(256, 'x')
const APPENDERS = 1_024
const RUN_MS = 3_000
const names = { stream: 'BENCH', prefix: 'bench.log' }

const nc = await connect({ servers: url })
const jsm = await jetstreamManager(nc)
await jsm.streams.add({ name: 'BENCH-PLAIN', subjects: ['bench.plain'] })
const js = jetstream(nc)
const plain = await run(APPENDERS, () => js.publish('bench.plain', PAYLOAD))
print('one message per event', `${plain.perSecond} events/s, p99 ${plain.p99} ms`)

const log = await JetStreamLog.open({ url, ...names })
const draft = { kind: 'event', subject: 'event.bench', payload: PAYLOAD }
const packed = await run(APPENDERS, () => log.append([draft]))
print(`packed, ${APPENDERS} appenders of one`, `${packed.perSecond} events/s, p99 ${packed.p99} ms, ${Math.round(log.stats().entries / log.stats().syncs)} per message, `
  + `${(packed.perSecond / plain.perSecond).toFixed(1)} times`)
const batches = await run(16, () => log.append(Array.from({ length: 500 }, () => draft)), 500)
print('packed, 16 appenders of 500', `${batches.perSecond} events/s, p99 ${batches.p99} ms, ${(batches.perSecond / plain.perSecond).toFixed(1)} times`)
target('packed beside one message per event', `${(packed.perSecond / plain.perSecond).toFixed(1)} times`, '10', packed.perSecond >= 10 * plain.perSecond)
await log.close()

const reader = await JetStreamLog.open({ url, ...names, tailCacheBytes: 0 })
const started = performance.now()
let read = 0
for await (const batch of reader.read({ from: 'earliest' })) read += batch.length
print('read from the server', `${Math.round(read / (performance.now() - started) * 1_000)} events/s`)
await reader.close()
for (const name of ['BENCH', 'BENCH-PLAIN']) await jsm.streams.delete(name)
await nc.close()

async function run(appenders, append, events = 1) {
  const latencies = []
  const ends = performance.now() + RUN_MS
  await Promise.all(Array.from({ length: appenders }, async () => {
    while (performance.now() < ends) {
      const began = performance.now()
      await append()
      latencies.push(performance.now() - began)
    }
  }))
  latencies.sort((a, b) => a - b)
  return { perSecond: Math.round(latencies.length * events / RUN_MS * 1_000), p99: Math.round(latencies[Math.floor(latencies.length * 0.99)]) }
}

function print(what, text) {
  console.log(`${what.padEnd(36)} ${text}`)
}
