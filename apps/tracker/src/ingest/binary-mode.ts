import { isUtf8 } from 'node:buffer'
import { parseBoundedJson, withoutByteOrderMark } from '../bounded-json.js'
import { TrackerError } from '../problem.js'

/** Header names in lower case, values as they were sent. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * The binary mode of the HTTP and NATS bindings: attributes in headers with a prefix, the data as the body. Answers the same event in
 * structured JSON. JSON data stays byte by byte as it came; text becomes a string, all else base64.
 */
export function structuredOf(headers: Headers, prefix: string, contentType: string, body: Uint8Array): Buffer {
  const attributes: string[] = []
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(prefix) || value === undefined) continue
    const attribute = name.slice(prefix.length)
    if (attribute === 'data' || attribute === 'data_base64') throw brokenHeader(name, 'names no attribute: the data is the body')
    // The content type says it, and goes before.
    if (attribute === 'datacontenttype' && contentType !== '') continue
    const text = typeof value === 'string' ? value : value.join(',')
    attributes.push(`${JSON.stringify(attribute)}:${JSON.stringify(decoded(text, name))}`)
  }
  if (contentType !== '') attributes.push(`"datacontenttype":${JSON.stringify(contentType)}`)
  const head = `{${attributes.join(',')}`
  if (body.length === 0) return Buffer.from(`${head}}`)
  const data = withoutByteOrderMark(body)
  if (isJson(contentType)) {
    parseBoundedJson(data)
    return Buffer.concat([Buffer.from(`${head},"data":`), data, Buffer.from('}')])
  }
  if (isText(contentType) && isUtf8(data) && !data.includes(0)) return Buffer.from(`${head},"data":${JSON.stringify(data.toString('utf8'))}}`)
  return Buffer.from(`${head},"data_base64":"${data.toString('base64')}"}`)
}

/** RFC 3986 escapes stand for what a header cannot hold (HTTP binding 3.1.3.2); quotes around a value may be taken off. */
function decoded(value: string, name: string): string {
  const text = inUtf8(value)
  const bare = /^".*"$/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
  if (!bare.includes('%')) return bare
  try {
    return decodeURIComponent(bare)
  } catch {
    throw brokenHeader(name, 'holds a broken % escape')
  }
}

/** Node reads headers as Latin-1. Bytes beyond ASCII should be escaped; who sends them bare nearly always means UTF-8. */
function inUtf8(value: string): string {
  if (!/[\u0080-\u00ff]/.test(value) || /[\u0100-\uffff]/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}

function brokenHeader(name: string, message: string): TrackerError {
  return new TrackerError('invalidEvent', 400, `The header ${name} ${message}.`, [{ attribute: name, message }])
}

export function isJson(contentType: string): boolean {
  return /^(?:[\w.-]+\/(?:[\w.-]+\+)?json)\s*(?:;|$)/i.test(contentType)
}

function isText(contentType: string): boolean {
  return /^(?:text\/|[\w.-]+\/(?:[\w.-]+\+)?xml\b)/i.test(contentType)
}
