import { createHash, timingSafeEqual } from 'node:crypto'
import { isLoopback, type Settings } from '../config.js'
import { TrackerError } from '../problem.js'
import { TRACES_PATH } from './body-limits.js'

/** What of a request decides whether it may pass. Header values as Node gives them, names in lower case. */
export interface Knock {
  readonly method: string
  /** Path without the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/**
 * Who may do what at the edge. Without a token the service stands on a loopback address, and what must be kept out is web pages in the
 * user's own browser: a page that resolves its name to 127.0.0.1 is told by Host, a page elsewhere by Origin, and a form, which needs no
 * permission from the browser, by its content type. With a token everything but the health checks and the pages themselves asks for it, and
 * no browser sends it by itself. Answers the refusal, or undefined.
 */
export function refusalOf(knock: Knock, settings: Pick<Settings, 'host' | 'token'>): TrackerError | undefined {
  if (settings.token === undefined) return refusalOfHost(knock, settings.host) ?? refusalOfOrigin(knock) ?? refusalOfContent(knock)
  return refusalOfToken(knock, settings.token) ?? refusalOfContent(knock)
}

/** Everything but the pages: what answers data or does something. */
export function isApi(path: string): boolean {
  return path === '/api' || path.startsWith('/api/') || path === '/metrics' || path === '/openapi.json' || path === TRACES_PATH || isHealth(path)
}

function isHealth(path: string): boolean {
  return path === '/health' || path.startsWith('/health/')
}

function refusalOfHost({ headers }: Knock, ourHost: string): TrackerError | undefined {
  const host = hostNameOf(single(headers['host']) ?? '')
  if (host !== undefined && (isLoopback(host) || host === ourHost.toLowerCase())) return undefined
  return new TrackerError(
    'forbiddenHost', 403,
    'The request was made under a name that is not this machine\'s own. Use http://127.0.0.1 or http://localhost, or set TIDEMARK_TOKEN to serve other names.',
  )
}

function refusalOfOrigin({ headers }: Knock): TrackerError | undefined {
  const origin = single(headers['origin'])
  if (origin === undefined) return undefined
  if (URL.canParse(origin) && new URL(origin).host === single(headers['host'])?.toLowerCase()) return undefined
  return new TrackerError('forbiddenOrigin', 403, 'The request comes from a page of another origin. Only Tidemark\'s own pages may call it while no token is set.')
}

function refusalOfToken({ path, method, headers }: Knock, token: string): TrackerError | undefined {
  // The handshake of CloudEvents webhooks carries no token, and tells nothing that is not in the documentation.
  if (!isApi(path) || isHealth(path) || (method === 'OPTIONS' && path === '/api/v1/events')) return undefined
  const given = /^Bearer (.+)$/i.exec(single(headers['authorization']) ?? '')?.[1]
  if (given !== undefined && equalInConstantTime(given, token)) return undefined
  return new TrackerError(
    'unauthorized', 401,
    given === undefined ? 'This service asks for a token: send it as `authorization: Bearer <token>`.' : 'The token is not the one this service was started with.',
  )
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
/** What an HTML form can send without asking, so nothing that changes state may come as it. */
const FORM_TYPES = new Set(['', 'text/plain', 'application/x-www-form-urlencoded'])

function refusalOfContent({ method, headers }: Knock): TrackerError | undefined {
  if (SAFE_METHODS.has(method)) return undefined
  // A header that no form can set: the binary mode of CloudEvents, whose content type is that of the data.
  if (headers['ce-specversion'] !== undefined || headers['ce-id'] !== undefined) return undefined
  const type = (single(headers['content-type']) ?? '').split(';')[0]!.trim().toLowerCase()
  if (FORM_TYPES.has(type)) {
    return new TrackerError(
      'unsupportedMediaType', 415,
      `Send a content type that says what the body is, such as application/json or application/cloudevents+json${type === '' ? '' : `; ${type} is what any web page could send`}.`,
    )
  }
  if (type !== 'multipart/form-data') return undefined
  // A form can send this one. Browsers then say where it comes from; programs say neither.
  const site = single(headers['sec-fetch-site'])
  const foreign = site === undefined ? single(headers['origin']) !== undefined && refusalOfOrigin({ method, path: '', headers }) !== undefined : site !== 'same-origin' && site !== 'none'
  return foreign ? new TrackerError('forbiddenOrigin', 403, 'A form may only be sent from Tidemark\'s own pages.') : undefined
}

/** The name in a Host header, in lower case and without the port; undefined where it is none. */
function hostNameOf(host: string): string | undefined {
  const [, name] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?$/.exec(host) ?? []
  return name?.toLowerCase()
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value
}

/** Hashed first, so that neither content nor length shows in the time it takes. */
function equalInConstantTime(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
