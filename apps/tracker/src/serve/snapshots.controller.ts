import { SnapshotJob, Snapshots } from '@tidemark/api'
import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Database } from '../store/database.js'
import { CLOCK, DATABASE, SETTINGS } from '../store/tokens.js'
import { Answers } from './documented.js'
import { beginSnapshot, findSnapshots } from './snapshots.js'

@ApiTags('running it')
@Controller('api/v1/snapshots')
export class SnapshotsController {
  constructor(@Inject(DATABASE) readonly db: Database, @Inject(SETTINGS) readonly settings: Settings, @Inject(CLOCK) private readonly clock: Clock) {}

  @Get()
  @Answers('The snapshots of the state that are kept, newest first, and how far the latest job is', Snapshots)
  list(): Promise<Snapshots> {
    return findSnapshots(this)
  }

  @Post()
  @HttpCode(202)
  @Answers('Takes a snapshot of the state, and checks it by folding the log to the same place; survives restarts', SnapshotJob, { status: 202, description: 'Asked for.' })
  begin(): Promise<SnapshotJob> {
    return beginSnapshot(this, this.clock.machine())
  }

  @Post(':name/verify')
  @HttpCode(202)
  @Answers('Checks one again: its files, and by folding', SnapshotJob, { status: 202, description: 'Asked for.' })
  verify(@Param('name') name: string): Promise<SnapshotJob> {
    return beginSnapshot(this, this.clock.machine(), name)
  }
}
