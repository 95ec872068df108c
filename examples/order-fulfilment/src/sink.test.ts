import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { CloudEvent, Emission } from './event.js'
import { HttpSink } from './sink.js'

describe('the way of events out of the shop', () => {
  const open: { close(): unknown }[] = []
  afterEach(async () => {
    for (const it of open.splice(0)) await it.close()
  })

  test('loses nothing and keeps the order when the sink is not there yet and then refuses for a while', async () => {
    const port = await freePort()
    const { sink, acknowledged, lines } = openSink(port)
    for (let nth = 0; nth < 500; nth++) {
      sink.offer(emission('order', nth))
      sink.offer(emission('payment', nth))
    }
    await vi.waitFor(() => expect(lines).toHaveLength(1))
    expect(lines[0]).toContain('ECONNREFUSED')

    let answers = 0
    const taken = await listen(port, () => answers++ < 4 ? 503 : 202)
    await vi.waitFor(() => expect(acknowledged).toHaveLength(1_000), { timeout: 20_000 })

    for (const service of ['order', 'payment']) {
      const expected = Array.from({ length: 500 }, (_, nth) => `${service}-${nth}`)
      expect(taken.filter((id) => id.startsWith(service))).toEqual(expected)
      expect(acknowledged.filter((id) => id.startsWith(service))).toEqual(expected)
    }
    expect(lines.at(-1)).toContain('answers again')
  })

  test('sends a refused batch event by event, gives up the bad one only, and goes on', async () => {
    const port = await freePort()
    const taken = await listen(port, (events) => events.some(({ id }) => id === 'order-2') ? 400 : 202)
    const { sink, acknowledged, refused } = openSink(port)
    for (let nth = 0; nth < 5; nth++) sink.offer(emission('order', nth))
    await vi.waitFor(() => expect(acknowledged).toHaveLength(4))
    sink.offer(emission('order', 5))
    await vi.waitFor(() => expect(acknowledged).toHaveLength(5))

    expect(taken).toEqual(['order-0', 'order-1', 'order-3', 'order-4', 'order-5'])
    expect(refused).toEqual(['order-2: 400 no'])
  })

  test('shows its token, and says what was left behind when it is closed while the sink is away', async () => {
    const port = await freePort()
    const { sink } = openSink(port)
    sink.offer(emission('order', 0))
    expect(await sink.close(100)).toBe(1)

    const shown: (string | undefined)[] = []
    await listen(port, (_events, authorization) => {
      shown.push(authorization)
      return 202
    })
    const again = openSink(port)
    again.sink.offer(emission('order', 0))
    expect(await again.sink.close(5_000)).toBe(0)
    expect(shown).toEqual(['Bearer t0ken'])
  })

  function openSink(port: number): { sink: HttpSink; acknowledged: string[]; refused: string[]; lines: string[] } {
    const acknowledged: string[] = []
    const refused: string[] = []
    const lines: string[] = []
    const sink = new HttpSink({
      url: `http://127.0.0.1:${port}/events`, token: 't0ken', log: (line) => lines.push(line),
      onAcknowledged: ({ event }) => acknowledged.push(event.id), onRefused: ({ event }, reason) => refused.push(`${event.id}: ${reason}`),
    })
    open.push({ close: () => sink.close(0) })
    return { sink, acknowledged, refused, lines }
  }

  /** Returns the ids that were answered 2xx, in order. */
  async function listen(port: number, answer: (events: readonly CloudEvent[], authorization?: string) => number): Promise<string[]> {
    const taken: string[] = []
    const server: Server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      const events = JSON.parse(body) as readonly CloudEvent[]
      const status = answer(events, request.headers.authorization)
      if (status === 202) taken.push(...events.map(({ id }) => id))
      response.writeHead(status).end(status === 202 ? '{}' : 'no')
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    open.push({ close: () => void server.close(() => undefined).closeAllConnections() })
    return taken
  }
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function emission(service: string, nth: number): Emission {
  const event: CloudEvent = {
    specversion: '1.0', id: `${service}-${nth}`, source: `/shop/${service}`, type: 'any', subject: 'O-1', time: new Date(nth).toISOString(),
    datacontenttype: 'application/json', data: { orderId: 'O-1' },
  }
  return { service, orderId: 'O-1', event }
}
