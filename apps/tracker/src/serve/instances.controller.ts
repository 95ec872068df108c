import { Correction, Instance, InstanceSummary } from '@tidemark/api'
import type { Page } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { DATABASE, LOG, PROGRESS } from '../store/tokens.js'
import { send } from './answer.js'
import type { Reply } from './answer.js'
import { correctInstance } from './corrections.js'
import { Answers, AnswersPage, ByAPerson } from './documented.js'
import { showInstancePage } from './instance.js'
import { listInstances } from './instances.js'
import { Processes } from './processes.js'
import { InstancePageQuery, StrictInstanceQuery } from './queries.js'
import { parsePast } from './times.js'

@ApiTags('instances')
@Controller('api/v1/instances')
export class InstancesController {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(LOG) private readonly log: Log,
    @Inject(PROGRESS) private readonly progress: Progress,
    @Inject(Processes) private readonly processes: Processes,
  ) {}

  @Get()
  @AnswersPage('Instances by any of the filters, newest first; where `element` or `waitingLongerThan` is asked for, those whose token came last first. A page may be short and yet have a cursor', InstanceSummary)
  list(@Query({ schema: StrictInstanceQuery }) query: StrictInstanceQuery): Promise<Page<InstanceSummary>> {
    return listInstances(this.db, this.processes, query, this.progress.clock)
  }

  @Get(':id')
  @Answers('One instance: where it is, how it got there, what is due', Instance)
  async find(@Param('id') id: string, @Query({ schema: InstancePageQuery }) query: InstancePageQuery): Promise<Instance> {
    const { clock } = this.progress
    return showInstancePage(this.db, this.processes, id, clock, parsePast(query.at, clock))
  }
  @Post(':id/corrections')
  @ByAPerson('What a person says of an instance: a deviation is normal, an event does not belong, a step was done, tokens are elsewhere, it is over', Instance)
  async correct(@Param('id') id: string, @Body({ schema: Correction }) correction: Correction, @Res({ passthrough: true }) reply: Reply): Promise<Instance> {
    const { db, log, progress, processes } = this
    return send(reply, await correctInstance({ db, log, progress, processes }, id, correction))
  }
}
