import type { Finding, Problem } from '@tidemark/api'
import { bearerToken, tokenRefused } from './token.js'

/** An answer that was not 2xx, or none at all (`status` 0). `message` is fit to be shown. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly problem?: Problem,
    readonly findings?: readonly Finding[],
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

export type Params = Record<string, string | number | boolean | undefined>

/** GET /api/v1{path}. Throws ApiError. */
export async function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
  return (await call(path + query(params), { method: 'GET', ...(signal && { signal }) })).json() as Promise<T>
}

/** As get, for XML. */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await call(path, { method: 'GET', headers: { accept: 'application/xml' }, ...(signal && { signal }) })).text()
}

/** POST with a JSON body: the content type is what keeps a foreign web page from posting, so it is always sent. */
export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  const answer = await call(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const content = await answer.text()
  return (content === '' ? undefined : JSON.parse(content)) as T
}

/** POST of files as multipart/form-data; the browser writes the content type with its boundary. */
export async function postForm<T>(path: string, params: Params, form: FormData): Promise<T> {
  return (await call(path + query(params), { method: 'POST', body: form })).json() as Promise<T>
}

/** A response whose body is read as it comes (the live stream). */
export async function stream(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  return call(path, { method: 'GET', headers: { accept: 'text/event-stream', ...headers }, signal, cache: 'no-store' })
}

async function call(path: string, init: RequestInit): Promise<Response> {
  const token = bearerToken()
  const headers = {
    accept: 'application/json',
    ...(init.headers as Record<string, string>),
    ...(token && { authorization: `Bearer ${token}` }),
  }
  let answer: Response
  try {
    answer = await fetch(`/api/v1${path}`, { ...init, headers })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'The tracker cannot be reached. It may be stopped, or the network is down; this page tries again by itself.')
  }
  if (answer.ok) return answer
  if (answer.status === 401) tokenRefused()
  throw await errorOf(answer)
}

async function errorOf(answer: Response): Promise<ApiError> {
  const body: unknown = await answer.json().catch(() => undefined)
  if (typeof body !== 'object' || body === null) {
    return new ApiError(answer.status, `The tracker answered ${answer.status} ${answer.statusText}`.trim())
  }
  const problem = body as Problem & { findings?: readonly Finding[] }
  const lines = [problem.detail ?? problem.title ?? `The tracker answered ${answer.status}`]
  for (const error of problem.errors ?? []) lines.push(error.message)
  return new ApiError(answer.status, [...new Set(lines)].join(' '), problem, problem.findings)
}

function query(params: Params): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) if (value !== undefined && value !== '') search.set(name, String(value))
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

export function isAbsent(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404
}

export function isUnauthorised(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401
}
