import { type DynamicModule, Module } from '@nestjs/common'
import type { Log } from '@tidemark/log'
import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Policy } from '../policy/policy.js'
import type { Database } from './database.js'
import type { Progress } from './progress.js'
import { CLOCK, DATABASE, LOG, LOGGER, POLICY, PROGRESS, SETTINGS, START_DEMO, WAYS_IN } from './tokens.js'
import type { WaysIn } from './ways-in.js'

/** What the rooms share: opened before they are built, closed after they have stopped. */
export interface Foundation {
  readonly settings: Settings
  readonly clock: Clock
  readonly logger: Logger
  readonly log: Log
  readonly database: Database
  readonly progress: Progress
  readonly waysIn: WaysIn
  /** What POST /api/v1/demo does. */
  readonly startDemo: () => Promise<void>
  readonly policy: Policy
}

@Module({})
export class StoreModule {
  static on(foundation: Foundation): DynamicModule {
    const providers = [
      { provide: SETTINGS, useValue: foundation.settings },
      { provide: CLOCK, useValue: foundation.clock },
      { provide: LOGGER, useValue: foundation.logger },
      { provide: LOG, useValue: foundation.log },
      { provide: DATABASE, useValue: foundation.database },
      { provide: POLICY, useValue: foundation.policy },
      { provide: PROGRESS, useValue: foundation.progress },
      { provide: WAYS_IN, useValue: foundation.waysIn },
      { provide: START_DEMO, useValue: foundation.startDemo },
    ]
    return { module: StoreModule, global: true, providers, exports: providers.map(({ provide }) => provide) }
  }
}
