import type { Deserializer, IncomingRequest, OutgoingResponse, Serializer } from '@nestjs/microservices'
import type { Msg, MsgHdrs } from '@nats-io/transport-node'
import type { Headers } from './binary-mode.js'

/** What a NATS message carries to the controller: headers in lower case, the body as bytes. */
export interface NatsDelivery {
  readonly headers: Headers
  readonly body: Uint8Array
}

/** Says to Nest that somebody waits for an answer; Nest's own clients bring an id of theirs. */
const REQUEST_ID = 'request'

/**
 * Lets any NATS client in, and Nest's: a message is what a publisher put on the subject (CloudEvents structured, batch or binary), or Nest's
 * envelope `{pattern, data, id?}` around an event. The payload stays bytes, so that what is not JSON is kept as well.
 */
export class AnyNatsMessage implements Deserializer<Msg, IncomingRequest> {
  deserialize(message: Msg, options?: Record<string, unknown>): IncomingRequest {
    const pattern = String(options?.['channel'] ?? message.subject)
    const headers = headersOf(message.headers)
    const nest = nestEnvelopeOf(message.data)
    if (nest !== undefined) {
      const delivery: NatsDelivery = { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(nest.data)) }
      return { pattern, data: delivery, ...(nest.id === undefined ? {} : { id: nest.id }) } as IncomingRequest
    }
    const delivery: NatsDelivery = { headers, body: message.data }
    return { pattern, data: delivery, ...(message.reply === undefined || message.reply === '' ? {} : { id: REQUEST_ID }) } as IncomingRequest
  }
}

/** Nest's clients get Nest's envelope back, everybody else the answer itself. */
export class PlainAnswer implements Serializer<OutgoingResponse, { data: string }> {
  serialize(packet: OutgoingResponse): { data: string } {
    return { data: JSON.stringify(packet.id === REQUEST_ID ? (packet.response ?? packet.err) : packet) }
  }
}

function nestEnvelopeOf(data: Uint8Array): { data: unknown; id?: string } | undefined {
  // The first bytes tell in nearly every case, without reading the rest twice.
  if (!Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, 64)).includes('"pattern"')) return undefined
  try {
    const value = JSON.parse(Buffer.from(data).toString()) as Record<string, unknown>
    if (typeof value !== 'object' || value === null || value['specversion'] !== undefined || value['data'] === undefined) return undefined
    return { data: value['data'], ...(typeof value['id'] === 'string' ? { id: value['id'] } : {}) }
  } catch {
    return undefined
  }
}

function headersOf(headers: MsgHdrs | undefined): Headers {
  const plain: Record<string, string> = {}
  for (const [name, values] of headers ?? []) plain[name.toLowerCase()] = values.join(',')
  return plain
}
