import { Fault, FaultDetail, FaultDiscardAction, FaultDiscarded, FaultsTried } from '@tidemark/api'
import type { Page } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { DATABASE, LOG, PROGRESS } from '../store/tokens.js'
import { discardFault } from './discard.js'
import { Answers, AnswersPage } from './documented.js'
import { findFault, listFaults, tryFaults } from './faults.js'
import { CatalogueQuery } from './queries.js'

@ApiTags('running it')
@Controller('api/v1/faults')
export class FaultsController {
  constructor(@Inject(DATABASE) readonly db: Database, @Inject(LOG) readonly log: Log, @Inject(PROGRESS) readonly progress: Progress) {}

  @Get()
  @AnswersPage('Instances that cannot be folded: they are suspended, and their events are kept', Fault)
  list(@Query({ schema: CatalogueQuery }) query: CatalogueQuery): Promise<Page<Fault>> {
    return listFaults(this.db, query)
  }

  @Get(':unit')
  @Answers('One of them, with the events that wait', FaultDetail)
  find(@Param('unit') unit: string): Promise<FaultDetail> {
    return findFault(this.db, unit)
  }

  @Post('retry')
  @HttpCode(202)
  @Answers('All of them are folded again', FaultsTried, { status: 202, description: 'Within seconds.' })
  retryAll(): Promise<FaultsTried> {
    return tryFaults(this.db)
  }

  @Post(':unit/retry')
  @HttpCode(202)
  @Answers('One is folded again', FaultsTried, { status: 202, description: 'Within seconds.' })
  retry(@Param('unit') unit: string): Promise<FaultsTried> {
    return tryFaults(this.db, unit)
  }

  @Post(':unit/discard')
  @HttpCode(202)
  @Answers('Sets events aside that wait, all or some, and folds the instance again without them', FaultDiscarded, { status: 202, description: 'In the log; folded within seconds.' })
  discard(@Param('unit') unit: string, @Body({ schema: FaultDiscardAction }) action: FaultDiscardAction): Promise<FaultDiscarded> {
    return discardFault(this, unit, action)
  }
}
