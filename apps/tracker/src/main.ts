import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { type MicroserviceOptions, Transport } from '@nestjs/microservices'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import type { Log } from '@tidemark/log'
import type { FastifyReply } from 'fastify'
import type { Logger } from 'pino'
import { AppModule } from './app.module.js'
import { type Clock, systemClock } from './clock.js'
import { snapshotDir, type Settings } from './config.js'
import { refusalOf } from './http/access.js'
import { readBodies } from './http/bodies.js'
import { MAX_BODY_BYTES } from './http/body-limits.js'
import { securityHeaders } from './http/headers.js'
import { servePages } from './http/pages.js'
import { AnyNatsMessage, PlainAnswer } from './ingest/nats-envelope.js'
import { createLogger, NestLogger } from './logging.js'
import { openLog } from './open-log.js'
import { readPolicy } from './policy/read-policy.js'
import { TrackerError } from './problem.js'
import { ProblemFilter, sendProblem, trackerErrorOf } from './problem.filter.js'
import { noDemo, type StartDemo } from './serve/demo.controller.js'
import type { Database } from './store/database.js'
import { openDatabase } from './store/open-database.js'
import { patiently } from './store/patiently.js'
import { Progress } from './store/progress.js'
import { ensureShards } from './store/shards.js'
import { beginFromSnapshot } from './store/snapshot/restore.js'
import type { Foundation } from './store/store.module.js'
import { WaysIn } from './store/ways-in.js'

/** A sender that trickles its request longer than this is cut off. */
const REQUEST_TIMEOUT_MS = 60_000
/** What still runs after this long at the end (a stream, a slow sender) is cut off. */
const CLOSE_GRACE_MS = 5_000

export interface RunningApp {
  readonly app: NestFastifyApplication
  readonly foundation: Foundation
  /** Where it answers, without a slash at the end. */
  readonly url: string
  /** Stops what comes in, then the rooms, then log and database. A second call waits for the first. */
  close(): Promise<void>
}

export interface AppParts {
  readonly clock?: Clock
  readonly logger?: Logger
  /** Instead of the log in the data directory, which is then not taken: for tests. */
  readonly log?: Log
  /** Names the time since the machine was started: for tests. */
  readonly boot?: () => Promise<string>
  /** Opens the demo's shop; then POST /api/v1/demo does it. */
  readonly startDemo?: StartDemo
}

/**
 * Starts the whole service and resolves when it answers. The log comes first, because opening it takes the data directory for this process.
 * What keeps it from starting is thrown as a TrackerError whose message says what to do; nothing stays open then.
 */
export async function createApp(settings: Settings, parts: AppParts = {}): Promise<RunningApp> {
  const clock = parts.clock ?? systemClock(settings.clockScale)
  const logger = parts.logger ?? createLogger(settings.logLevel)
  const undo: (() => Promise<unknown>)[] = []
  const closeAll = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const policy = readPolicy(settings.policyFile, settings.maskKey)
    const log = parts.log ?? (await openLog(settings, clock))
    undo.push(() => log.close())
    const progress = new Progress()
    const database = await openTables(settings, logger, progress, parts.boot)
    undo.push(() => database.close())
    await beginFrom(settings, database, log, logger, progress)
    await patiently('setting up the shards', logger, () => ensureShards(database, settings.shards, log))
    const foundation: Foundation = { settings, clock, logger, log, database, policy, progress, waysIn: new WaysIn(), startDemo: parts.startDemo ?? noDemo }
    const app = await NestFactory.create<NestFastifyApplication>(AppModule.on(foundation), adapter(), {
      bodyParser: false, logger: new NestLogger(logger), abortOnError: false,
    })
    undo.push(() => closeApp(app))
    await furnish(app, settings, logger)
    await connectNats(app, settings)
    await listen(app, settings)
    const url = urlOf(app, settings)
    logger.info({ url, dataDir: settings.dataDir, database: database.embedded ? 'embedded' : 'postgres' }, 'tidemark answers')
    let closing: Promise<void> | undefined
    return { app, foundation, url, close: () => (closing ??= closeAll()) }
  } catch (error) {
    await closeAll().catch((fault: unknown) => logger.error({ err: fault }, 'closing after a failed start failed too'))
    throw error
  }
}

async function openTables(settings: Settings, logger: Logger, progress: Progress, boot: AppParts['boot']): Promise<Database> {
  return openDatabase(settings, {
    ...(boot === undefined ? {} : { boot }),
    onSetAside: (path) => recovered(logger, progress, `The machine went down while the embedded database was open, which does not sync: it was set aside as ${path}.`),
  })
}

/** Where the tables are empty, the newest snapshot that is right is where following begins; else the beginning of the log. */
async function beginFrom(settings: Settings, database: Database, log: Log, logger: Logger, progress: Progress): Promise<void> {
  const snapshot = await beginFromSnapshot(database, log, snapshotDir(settings), (name, reason) => logger.warn({ snapshot: name, reason }, 'a snapshot cannot be begun from'))
  if (snapshot !== undefined) recovered(logger, progress, `The database was empty: following begins from ${snapshot.name}, and goes on with the log.`)
  else if (progress.standing.recovered.length > 0) recovered(logger, progress, 'There is no snapshot: the state is built again from the whole log.')
}

function recovered(logger: Logger, { standing }: Progress, what: string): void {
  standing.recovered = [...standing.recovered, what]
  logger.warn(what)
}

function adapter(): FastifyAdapter {
  return new FastifyAdapter({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    // What the router itself refuses, such as a path with a broken % escape, passes no filter.
    frameworkErrors: (error: unknown, _request: unknown, reply: FastifyReply) => sendProblem(reply.headers(securityHeaders), trackerErrorOf(error)),
  })
}

/** The edge: who may come in, how bodies are read, what every answer carries, what errors look like. */
async function furnish(app: NestFastifyApplication, settings: Settings, logger: Logger): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance()
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers(securityHeaders)
    const refusal = refusalOf({ method: request.method, path: request.url.split('?', 1)[0]!, headers: request.headers }, settings)
    if (refusal === undefined) done()
    else sendProblem(reply, refusal)
  })
  fastify.addHook('onResponse', (request, reply, done) => {
    logger.debug({ method: request.method, path: request.url.split('?', 1)[0], status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'request')
    done()
  })
  readBodies(fastify)
  app.useGlobalFilters(new ProblemFilter(logger))
  await servePages(fastify)
}

/** Trackers that share a NATS share the work: each event goes to one of them. */
const NATS_QUEUE = 'tidemark'
const NATS_RECONNECT_MS = 2_000

/** The way in over NATS, as Nest's own transport. It reconnects for ever: commands and events wait, the HTTP side goes on. */
async function connectNats(app: NestFastifyApplication, settings: Settings): Promise<void> {
  if (settings.natsUrl === undefined) return
  app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.NATS,
    options: {
      servers: settings.natsUrl, queue: NATS_QUEUE, name: 'tidemark', maxReconnectAttempts: -1, reconnectTimeWait: NATS_RECONNECT_MS,
      deserializer: new AnyNatsMessage(), serializer: new PlainAnswer(),
    },
  })
  try {
    await app.startAllMicroservices()
  } catch (error) {
    throw new TrackerError(
      'natsUnreachable', 500, `NATS at ${new URL(settings.natsUrl).host} cannot be reached: ${(error as Error).message}. Check NATS_URL, or leave it out.`, undefined, { cause: error },
    )
  }
}

async function listen(app: NestFastifyApplication, settings: Settings): Promise<void> {
  await app.init()
  try {
    // Not through Nest, which would log the failure before it is told in one message.
    await app.getHttpAdapter().getInstance().listen({ port: settings.port, host: settings.host })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new TrackerError('portInUse', 500, `Port ${settings.port} on ${settings.host} is in use. Stop what listens there, or choose another with PORT.`, undefined, { cause: error })
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES') {
      throw new TrackerError('addressUnusable', 500, `Tidemark cannot listen on ${settings.host}, port ${settings.port} (${code}). Check TIDEMARK_HOST and PORT.`, undefined, { cause: error })
    }
    throw error
  }
}

function urlOf(app: NestFastifyApplication, settings: Settings): string {
  const address = app.getHttpServer().address()
  const port = typeof address === 'object' && address !== null ? address.port : settings.port
  const host = settings.host === '0.0.0.0' || settings.host === '::' ? '127.0.0.1' : settings.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

async function closeApp(app: NestFastifyApplication): Promise<void> {
  const cut = setTimeout(() => app.getHttpServer().closeAllConnections(), CLOSE_GRACE_MS)
  try {
    await app.close()
  } finally {
    clearTimeout(cut)
  }
}
