import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { TrackerError } from '../problem.js'
import { sendProblem } from '../problem.filter.js'
import { isApi } from './access.js'

/** Where `npm run build` puts the pages; the same distance from src and from dist. */
const PAGES = fileURLToPath(new URL('../../../ui/dist', import.meta.url))
/** Files under here carry a hash of their content in their name. */
const HASHED = 'assets/'

const NOT_BUILT = `Tidemark runs, but its pages are not built: run "npm run build:ui" and reload. The API is at /api/v1, its description at /openapi.json.\n`

/** Serves the built pages; every other path that is not the API's is a view of the one page. */
export async function servePages(fastify: FastifyInstance, root: string = PAGES): Promise<void> {
  await fastify.register(fastifyStatic, { root: existsSync(root) ? root : fileURLToPath(new URL('.', import.meta.url)), serve: false })
  // Listed once, so that no path of a request ever reaches the file system.
  const files = filesUnder(root)
  fastify.get('/*', (request, reply) => {
    const path = request.url.split('?', 1)[0]!
    if (isApi(path)) return notThere(reply, path)
    const file = files.has(path.slice(1)) ? path.slice(1) : 'index.html'
    if (path.startsWith(`/${HASHED}`) && file === 'index.html') return notThere(reply, path)
    if (!files.has(file)) return reply.code(503).header('content-type', 'text/plain; charset=utf-8').send(NOT_BUILT)
    void reply.header('cache-control', file.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache')
    return reply.sendFile(file, root, { cacheControl: false })
  })
}

function notThere(reply: FastifyReply, path: string): FastifyReply {
  sendProblem(reply, new TrackerError('notFound', 404, `There is nothing at ${path.slice(0, 200)}. The API is described at /openapi.json.`))
  return reply
}

function filesUnder(root: string): Set<string> {
  if (!existsSync(root)) return new Set()
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => join(root, path))
  return new Set(paths.filter((path) => statSync(path).isFile()).map((path) => relative(root, path).split(sep).join('/')))
}
