import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import type { CommandDesk } from './command-desk.js'
import type { Command } from './service.js'

const MAX_BODY_BYTES = 64 * 1024
const PATH = /^\/commands\/([a-z]+)$/

export interface CommandServer {
  /** Without a trailing slash: a service's address is `<url>/commands/<service>`. */
  readonly url: string
  stop(): Promise<void>
}

/**
 * POST /commands/:service takes a command as a CloudEvent in structured JSON, signed as Standard Webhooks asks (headers webhook-id,
 * webhook-timestamp, webhook-signature over the body). 202: taken, now or before. 401: not signed by whom we trust. 422: well signed, but
 * nothing this service can do. `secret` is `whsec_` and base64.
 */
export async function serveCommands(desk: CommandDesk, { host, port, secret }: {
  readonly host: string
  readonly port: number
  readonly secret: string
}): Promise<CommandServer> {
  const webhook = new Webhook(secret)
  const server = createServer((request, response) => {
    answer(request, desk, webhook).then(
      ({ status, detail }) => respond(response, status, detail),
      (error: unknown) => respond(response, 500, error instanceof Error ? error.message : String(error)),
    )
  })
  server.listen(port, host)
  await once(server, 'listening')
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, stop: () => close(server) }
}

interface Answer {
  readonly status: number
  readonly detail?: string
}

async function answer(request: IncomingMessage, desk: CommandDesk, webhook: Webhook): Promise<Answer> {
  const service = PATH.exec(request.url ?? '')?.[1]
  if (service === undefined || !desk.isService(service)) return { status: 404, detail: 'no service takes commands here' }
  if (request.method !== 'POST') return { status: 405, detail: 'commands are posted' }
  if (!/^application\/(cloudevents\+)?json\b/.test(request.headers['content-type'] ?? '')) {
    return { status: 415, detail: 'send application/cloudevents+json' }
  }
  const body = await readBody(request)
  if (body === undefined) return { status: 413, detail: `a command is at most ${MAX_BODY_BYTES} bytes` }

  try {
    webhook.verify(body, request.headers as Record<string, string>, { jsonParse: false })
  } catch (error) {
    if (error instanceof WebhookVerificationError) return { status: 401, detail: error.message }
    throw error
  }
  const command = readCommand(body, String(request.headers['webhook-id']))
  if (command === undefined) return { status: 422, detail: 'a command is a CloudEvent in JSON whose data names an orderId' }
  const receipt = desk.take(service, command)
  return receipt.accepted ? { status: 202 } : { status: 422, detail: receipt.reason }
}

/** undefined: longer than allowed. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  return sizeBytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8')
}

function readCommand(body: string, id: string): Command | undefined {
  let event: unknown
  try {
    event = JSON.parse(body)
  } catch {
    return undefined
  }
  if (!isRecord(event) || !isRecord(event['data'])) return undefined
  const { type, data } = event
  const orderId = isRecord(data) ? data['orderId'] : undefined
  if (typeof type !== 'string' || typeof orderId !== 'string' || !isRecord(data)) return undefined
  return { id, type, orderId, data }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function respond(response: ServerResponse, status: number, detail: string | undefined): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(detail === undefined ? {} : { detail }))
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}
