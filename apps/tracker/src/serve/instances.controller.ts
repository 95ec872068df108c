import { Instance, InstanceSummary } from '@tidemark/api'
import type { Page } from '@tidemark/api'
import { Controller, Get, Inject, Param, Query } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { DATABASE, PROGRESS } from '../store/tokens.js'
import { Answers, AnswersPage } from './documented.js'
import { showInstancePage } from './instance.js'
import { listInstances } from './instances.js'
import { Processes } from './processes.js'
import { StrictInstanceQuery } from './queries.js'

@ApiTags('instances')
@Controller('api/v1/instances')
export class InstancesController {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(PROGRESS) private readonly progress: Progress,
    @Inject(Processes) private readonly processes: Processes,
  ) {}

  @Get()
  @AnswersPage('Instances, newest first, by any of the filters', InstanceSummary)
  list(@Query({ schema: StrictInstanceQuery }) query: StrictInstanceQuery): Promise<Page<InstanceSummary>> {
    return listInstances(this.db, this.processes, query, this.progress.clock)
  }

  @Get(':id')
  @Answers('One instance: where it is, how it got there, what is due', Instance)
  find(@Param('id') id: string): Promise<Instance> {
    return showInstancePage(this.db, this.processes, id, this.progress.clock)
  }
}
