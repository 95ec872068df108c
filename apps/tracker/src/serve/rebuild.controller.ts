import { Rebuild } from '@tidemark/api'
import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Clock } from '../clock.js'
import type { Database } from '../store/database.js'
import { CLOCK, DATABASE } from '../store/tokens.js'
import { Answers } from './documented.js'
import { beginRebuild, endRebuild, findRebuild, goOnWithRebuild, holdRebuild } from './rebuild.js'

@ApiTags('running it')
@Controller('api/v1/rebuild')
export class RebuildController {
  constructor(@Inject(DATABASE) private readonly db: Database, @Inject(CLOCK) private readonly clock: Clock) {}

  @Get()
  @Answers('The latest rebuild of the state from the log, and how far it is', Rebuild)
  find(): Promise<Rebuild> {
    return findRebuild(this.db)
  }

  @Post()
  @HttpCode(202)
  @Answers('Folds the state again from the log beside the one in use, and swaps them at once; survives restarts', Rebuild, { status: 202, description: 'Asked for.' })
  begin(): Promise<Rebuild> {
    return beginRebuild(this.db, this.clock.machine())
  }

  @Post('cancel')
  @HttpCode(202)
  @Answers('Ends the rebuild that is under way; the state in use stays', Rebuild, { status: 202, description: 'Asked for.' })
  cancel(): Promise<Rebuild> {
    return endRebuild(this.db)
  }

  @Post('pause')
  @HttpCode(202)
  @Answers('Holds the rebuild that is running; what is folded so far is kept', Rebuild, { status: 202, description: 'Asked for.' })
  pause(): Promise<Rebuild> {
    return holdRebuild(this.db)
  }

  @Post('resume')
  @HttpCode(202)
  @Answers('Goes on with a paused rebuild where it was', Rebuild, { status: 202, description: 'Asked for.' })
  resume(): Promise<Rebuild> {
    return goOnWithRebuild(this.db)
  }
}
