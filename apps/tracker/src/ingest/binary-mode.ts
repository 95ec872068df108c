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
    const text = typeof value === 'string' ? value : value.join(',')
    attributes.push(`${JSON.stringify(name.slice(prefix.length))}:${JSON.stringify(decoded(text, name))}`)
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
  const bare = /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value
  if (!bare.includes('%')) return bare
  try {
    return decodeURIComponent(bare)
  } catch {
    throw new TrackerError('invalidEvent', 400, `The header ${name} holds a broken % escape.`, [{ attribute: name, message: 'holds a broken % escape' }])
  }
}

export function isJson(contentType: string): boolean {
  return /^(?:[\w.-]+\/(?:[\w.-]+\+)?json)\s*(?:;|$)/i.test(contentType)
}

function isText(contentType: string): boolean {
  return /^(?:text\/|[\w.-]+\/(?:[\w.-]+\+)?xml\b)/i.test(contentType)
}
