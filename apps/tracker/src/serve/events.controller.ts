import { DiscardAction, EventType, EventTypeDetail, LoggedEvent } from '@tidemark/api'
import type { EventQuery, Page } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Clock } from '../clock.js'
import type { Policy } from '../policy/policy.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { CLOCK, DATABASE, LOG, POLICY, PROGRESS } from '../store/tokens.js'
import { send } from './answer.js'
import type { Reply } from './answer.js'
import { discardEvent } from './discard.js'
import { Answers, AnswersPage, ByAPerson } from './documented.js'
import { findEventType, listEventTypes, type TypesContext } from './event-types.js'
import { findEvent, listEvents } from './events.js'
import { Processes } from './processes.js'
import { CatalogueQuery, PathPosition, PathType, StrictEventQuery } from './queries.js'

@ApiTags('events')
@Controller('api/v1')
export class EventExplorerController {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(LOG) private readonly log: Log,
    @Inject(PROGRESS) private readonly progress: Progress,
    @Inject(Processes) private readonly processes: Processes,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(POLICY) private readonly policy: Policy,
  ) {}

  @Get('events')
  @AnswersPage('What came in and what became of it, newest first; a page may be short and still have a next one', LoggedEvent)
  list(@Query({ schema: StrictEventQuery }) query: EventQuery): Promise<Page<LoggedEvent>> {
    return listEvents({ db: this.db, log: this.log, progress: this.progress }, query)
  }

  @Get('events/:position')
  @Answers('One event and its fates', LoggedEvent)
  find(@Param('position', { schema: PathPosition }) position: bigint): Promise<LoggedEvent> {
    return findEvent({ db: this.db, log: this.log, progress: this.progress }, position)
  }

  @Post('events/:position/discard')
  @ByAPerson('Nothing is to become of a quarantined event; its bytes stay in the log', LoggedEvent)
  async discard(
    @Param('position', { schema: PathPosition }) position: bigint, @Body({ schema: DiscardAction }) action: DiscardAction, @Res({ passthrough: true }) reply: Reply,
  ): Promise<LoggedEvent> {
    return send(reply, await discardEvent({ db: this.db, log: this.log, progress: this.progress }, position, action))
  }

  @Get('event-types')
  @AnswersPage('The types that were observed, and the models that bind them', EventType)
  types(@Query({ schema: CatalogueQuery }) query: CatalogueQuery): Promise<Page<EventType>> {
    return listEventTypes(this.#types, query)
  }

  @Get('event-types/:type')
  @Answers('One type with its schema and its newest event, as it is stored', EventTypeDetail)
  type(@Param('type', { schema: PathType }) type: string): Promise<EventTypeDetail> {
    return findEventType(this.#types, type)
  }

  get #types(): TypesContext {
    return { db: this.db, processes: this.processes, log: this.log, clock: this.clock, policy: this.policy }
  }
}
