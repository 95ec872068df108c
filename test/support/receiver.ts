/** An HTTP receiver of webhooks and commands that behaves as badly as it is told. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What to do with one request: answer a status (with headers), never answer, or cut the connection after reading. */
export type Behaviour = number | { readonly status: number; readonly headers: Record<string, string> } | 'hang' | 'cut'

export interface Receiver {
  readonly url: string
  readonly received: readonly Received[]
  /** The next requests, in order; afterwards 204. */
  behave(...next: Behaviour[]): void
  close(): Promise<void>
}

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const script: Behaviour[] = []
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      received.push({ path: request.url ?? '', headers: request.headers as Record<string, string>, body })
      act(script.shift() ?? 204, request, response)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    behave: (...next) => void script.push(...next),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function act(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse): void {
  if (behaviour === 'hang') return
  if (behaviour === 'cut') request.socket.destroy()
  else if (typeof behaviour === 'number') response.writeHead(behaviour).end()
  else response.writeHead(behaviour.status, behaviour.headers).end()
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
