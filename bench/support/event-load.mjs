/**
 * The load: a process of its own that posts events over sockets that stay open, and says as one line of JSON how that went. Ids are written into
 * bodies that are made once, so that making load costs next to nothing beside taking it.
 *
 *     node bench/support/event-load.mjs '{"port":3000,"connections":8,"batch":500,"runMs":5000,"first":0}'
 */
import { connect } from 'node:net'

const DIGITS = 10
const { port, connections, batch, runMs, first } = JSON.parse(process.argv[2])
let serial = first
let [events, requests, faults] = [0, 0, 0]
const latencies = []
const begun = performance.now()
const ends = begun + runMs
await Promise.all(Array.from({ length: connections }, run))
const tookMs = performance.now() - begun
latencies.sort((a, b) => a - b)
const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]
console.log(JSON.stringify({ events, requests, faults, tookMs, p50: at(0.5), p99: at(0.99), last: serial, cpuMs: process.cpuUsage().user / 1_000 }))

function run() {
  const { bytes, places } = request()
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  let answer = ''
  let sentAt = 0
  const send = () => {
    for (const place of places) write(bytes, place, serial++)
    sentAt = performance.now()
    socket.write(bytes)
  }
  return new Promise((resolve, reject) => {
    socket.on('connect', send).on('error', reject).setEncoding('latin1').on('data', (text) => {
      answer += text
      const head = answer.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? Number.NaN)
      if (answer.length < head + 4 + length) return
      latencies.push(performance.now() - sentAt)
      requests++
      if (answer.startsWith('HTTP/1.1 202') && answer.includes(`"accepted":${batch},`)) events += batch
      else if (faults++ === 0) console.error(answer)
      answer = ''
      if (performance.now() < ends) return send()
      socket.end(resolve)
    })
  })
}

/** The bytes of a request, and where in them the ids stand: twice in each event. */
function request() {
  const id = '0'.repeat(DIGITS)
  const event = `{"specversion":"1.0","id":"e-${id}","source":"https://shop.example/orders","type":"order.placed","subject":"order-${id}",`
    + '"time":"2026-03-01T12:00:00.123Z","datacontenttype":"application/json","data":{"total":129.9,"currency":"EUR","items":[{"sku":"A-17","count":2}]}}'
  const body = batch === 1 ? event : `[${Array.from({ length: batch }, () => event).join(',')}]`
  const type = batch === 1 ? 'application/cloudevents+json' : 'application/cloudevents-batch+json'
  const bytes = Buffer.from(`POST /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  const places = []
  for (let at = bytes.indexOf(`-${id}"`); at >= 0; at = bytes.indexOf(`-${id}"`, at + 1)) places.push(at + 1)
  return { bytes, places }
}

function write(bytes, place, value) {
  for (let i = DIGITS - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 10)) bytes[place + i] = 48 + (rest % 10)
}
