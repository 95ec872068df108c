import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseBoundedJson } from '../bounded-json.js'
import { TrackerError } from '../problem.js'
import { EVENTS_PATH, MAX_BODY_BYTES, TRACES_PATH } from './body-limits.js'

/**
 * How bodies are read: events stay bytes (their room reads them itself, and keeps them as they came), JSON is parsed within bounds, files stay
 * bytes, everything else is refused with 415.
 */
export function readBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (request, body, done) => {
    try {
      done(null, bodyOf(request, body as Buffer))
    } catch (error) {
      done(error as Error)
    }
  })
}

function bodyOf(request: FastifyRequest, body: Buffer): unknown {
  const path = request.url.split('?', 1)[0]
  if (path === EVENTS_PATH || path === TRACES_PATH) return body
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  // People's clients send the type without a body, to say that they are not a form.
  if (type === 'application/json' || type.endsWith('+json')) return body.length === 0 ? {} : parseBoundedJson(body).value
  if (type === 'application/xml' || type === 'text/xml' || type.endsWith('+xml') || type === 'application/octet-stream' || type === 'multipart/form-data') return body
  throw new TrackerError('unsupportedMediaType', 415, `The content type ${type === '' ? '(none)' : type} is not taken here: use application/json, application/xml or multipart/form-data.`)
}
