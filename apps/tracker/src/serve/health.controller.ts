import type { Log } from '@tidemark/log'
import { Controller, Get, Inject } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import { z } from 'zod'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { CLOCK, DATABASE, LOG, PROGRESS, SETTINGS, WAYS_IN } from '../store/tokens.js'
import type { WaysIn } from '../store/ways-in.js'
import { Answers } from './documented.js'
import { checkReady } from './health.js'

const Live = z.object({ status: z.literal('live') })
const Ready = z.object({ status: z.literal('ready'), lagSeconds: z.number(), failing: z.array(z.object({ name: z.string(), error: z.string() })).optional(), recovered: z.array(z.string()).readonly().optional() })

@ApiTags('running it')
@Controller('health')
export class HealthController {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(LOG) private readonly log: Log,
    @Inject(PROGRESS) private readonly progress: Progress,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(WAYS_IN) private readonly waysIn: WaysIn,
  ) {}

  @Get('live')
  @Answers('The process answers', Live)
  live(): z.infer<typeof Live> {
    return { status: 'live' }
  }

  @Get('ready')
  @Answers('The database answers and following keeps up; 503 otherwise', Ready)
  ready(): Promise<z.infer<typeof Ready>> {
    return checkReady({ db: this.db, log: this.log, progress: this.progress, clock: this.clock, settings: this.settings, waysIn: this.waysIn })
  }
}
