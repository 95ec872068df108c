/** A tracker without its write side: the rooms serve and deliver over a real embedded database, a log in memory and a clock that stands. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import 'reflect-metadata'
import { Global, Module } from '@nestjs/common'
import type { Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { MemoryLog } from '@tidemark/log'
import { pino } from 'pino'
import type { Settings } from '../../apps/tracker/src/config.js'
import type { Clock } from '../../apps/tracker/src/clock.js'
import { readBodies } from '../../apps/tracker/src/http/bodies.js'
import type { Policy } from '../../apps/tracker/src/policy/policy.js'
import { readPolicy } from '../../apps/tracker/src/policy/read-policy.js'
import { ProblemFilter } from '../../apps/tracker/src/problem.filter.js'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { noDemo } from '../../apps/tracker/src/serve/demo.controller.js'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { Progress } from '../../apps/tracker/src/store/progress.js'
import { WaysIn } from '../../apps/tracker/src/store/ways-in.js'
import type { Committed } from '../../apps/tracker/src/store/progress.js'
import { CLOCK, DATABASE, LOG, LOGGER, POLICY, PROGRESS, SETTINGS, START_DEMO, WAYS_IN } from '../../apps/tracker/src/store/tokens.js'

/** 2026-03-01T12:00:00Z, where the house's clock stands at first. */
export const NOON = Date.UTC(2026, 2, 1, 12)

export interface House {
  readonly db: Database
  readonly log: MemoryLog
  readonly progress: Progress
  readonly waysIn: WaysIn
  readonly policy: Policy
  /** Move it by assigning `ms`. */
  readonly clock: Clock & { ms: number }
  readonly settings: Settings
  /** Says that everything up to the log's head is folded. */
  fold(changed?: Partial<Committed>): void
  close(): Promise<void>
}

export async function openHouse(settings: Partial<Settings> = {}, policy = readPolicy(undefined, undefined)): Promise<House> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-house-'))
  const db = await openDatabase({ dataDir })
  const clock = { ms: NOON, scale: 1, now: () => clock.ms, machine: Date.now }
  const log = new MemoryLog({ clock: clock.now })
  const progress = new Progress()
  return {
    db, log, progress, clock, policy, waysIn: new WaysIn(),
    settings: {
      port: 0, host: '127.0.0.1', dataDir, shards: 1, logLevel: 'silent', commandUrls: {}, webhookUrls: [], eventOrigins: ['*'], outboxes: [], follows: true, memoryMb: 512, logCompression: 'none', snapshots: { kept: 2 }, demo: false, ...settings,
    } as Settings,
    fold(changed = {}) {
      progress.report({
        position: log.stats().last, clock: clock.ms, models: [], instances: 0, alerts: false, commands: false, moves: [], ...changed,
      })
    },
    async close() {
      await log.close()
      await db.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export interface RunningHouse extends House {
  readonly url: string
  readonly app: NestFastifyApplication
}

/** The same with rooms on it, listening on a free port. */
export async function openServingHouse(rooms: readonly Type[], settings: Partial<Settings> = {}, policy?: Policy): Promise<RunningHouse> {
  const house = await openHouse(settings, policy)
  house.fold()
  const app = await NestFactory.create<NestFastifyApplication>(houseModule(house, rooms), new FastifyAdapter(), { logger: false, bodyParser: false })
  readBodies(app.getHttpAdapter().getInstance())
  app.useGlobalFilters(new ProblemFilter(pino({ level: 'silent' })))
  await app.listen(0, '127.0.0.1')
  return {
    ...house, app, url: await app.getUrl(),
    async close() {
      await app.close()
      await house.close()
    },
  }
}

function houseModule({ db, log, progress, clock, settings, waysIn, policy }: House, rooms: readonly Type[]): Type {
  const provided = [
    { provide: POLICY, useValue: policy }, { provide: DATABASE, useValue: db }, { provide: LOG, useValue: log }, { provide: PROGRESS, useValue: progress },
    { provide: CLOCK, useValue: clock }, { provide: SETTINGS, useValue: settings }, { provide: LOGGER, useValue: pino({ level: 'silent' }) },
    { provide: WAYS_IN, useValue: waysIn }, { provide: START_DEMO, useValue: noDemo },
  ]
  @Global()
  @Module({ providers: provided, exports: provided.map(({ provide }) => provide) })
  class Walls {}

  @Module({ imports: [Walls, ...rooms] })
  class HouseModule {}
  return HouseModule
}
