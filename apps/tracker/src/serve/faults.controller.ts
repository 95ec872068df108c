import { Fault, FaultsTried } from '@tidemark/api'
import type { Page } from '@tidemark/api'
import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Database } from '../store/database.js'
import { DATABASE } from '../store/tokens.js'
import { Answers, AnswersPage } from './documented.js'
import { listFaults, tryFaults } from './faults.js'
import { CatalogueQuery } from './queries.js'

@ApiTags('running it')
@Controller('api/v1/faults')
export class FaultsController {
  constructor(@Inject(DATABASE) private readonly db: Database) {}

  @Get()
  @AnswersPage('Instances that cannot be folded: they are suspended, and their events are kept', Fault)
  list(@Query({ schema: CatalogueQuery }) query: CatalogueQuery): Promise<Page<Fault>> {
    return listFaults(this.db, query)
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
}
