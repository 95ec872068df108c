import { Status } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import { Controller, Get, Inject } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { CLOCK, DATABASE, LOG, PROGRESS, SETTINGS, WAYS_IN } from '../store/tokens.js'
import type { WaysIn } from '../store/ways-in.js'
import { Answers } from './documented.js'
import { showStatus } from './status.js'

@ApiTags('running it')
@Controller('api/v1/status')
export class StatusController {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(LOG) private readonly log: Log,
    @Inject(PROGRESS) private readonly progress: Progress,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(WAYS_IN) private readonly waysIn: WaysIn,
  ) {}

  @Get()
  @Answers('The clock, how far the tracker has come, and what is open', Status)
  show(): Promise<Status> {
    return showStatus({ db: this.db, log: this.log, progress: this.progress, clock: this.clock, settings: this.settings, waysIn: this.waysIn })
  }
}
