import { Alert, AlertSummary, AssignAction, SilenceAction } from '@tidemark/api'
import type { AlertQuery, Page, PersonAction } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { DATABASE, LOG, PROGRESS } from '../store/tokens.js'
import { actOnAlert, assignAlert, listAlerts, showAlertPage, silenceAlert } from './alerts.js'
import { send } from './answer.js'
import type { Reply } from './answer.js'
import { Answers, AnswersPage, ByAPerson } from './documented.js'
import { Processes } from './processes.js'
import { OptionalPersonAction, StrictAlertQuery } from './queries.js'

@ApiTags('alerts')
@Controller('api/v1/alerts')
export class AlertsController {
  readonly #context

  constructor(
    @Inject(DATABASE) db: Database, @Inject(LOG) log: Log, @Inject(PROGRESS) progress: Progress, @Inject(Processes) processes: Processes,
  ) {
    this.#context = { db, log, progress, processes }
  }

  @Get()
  @AnswersPage('The inbox: one alert per cause, the latest first', AlertSummary)
  list(@Query({ schema: StrictAlertQuery }) query: AlertQuery): Promise<Page<AlertSummary>> {
    return listAlerts(this.#context, query)
  }

  @Get(':id')
  @Answers('An alert with the instances that have its cause now', Alert)
  find(@Param('id') id: string): Promise<Alert> {
    return showAlertPage(this.#context, id)
  }

  @Post(':id/acknowledge')
  @ByAPerson('Somebody looks after it', Alert)
  async acknowledge(
    @Param('id') id: string, @Body({ schema: OptionalPersonAction }) action: PersonAction, @Res({ passthrough: true }) reply: Reply,
  ): Promise<Alert> {
    return send(reply, await actOnAlert(this.#context, id, 'acknowledge', action))
  }

  @Post(':id/assign')
  @ByAPerson('Somebody is named to look after it', Alert)
  async assign(
    @Param('id') id: string, @Body({ schema: AssignAction }) action: AssignAction, @Res({ passthrough: true }) reply: Reply,
  ): Promise<Alert> {
    return send(reply, await assignAlert(this.#context, id, action))
  }

  @Post(':id/silence')
  @ByAPerson('Nobody is told of it for a while; when it is still open then, they are', Alert)
  async silence(
    @Param('id') id: string, @Body({ schema: SilenceAction }) action: SilenceAction, @Res({ passthrough: true }) reply: Reply,
  ): Promise<Alert> {
    return send(reply, await silenceAlert(this.#context, id, action))
  }

  @Post(':id/resolve')
  @ByAPerson('It is dealt with; it opens again when an instance joins', Alert)
  async resolve(
    @Param('id') id: string, @Body({ schema: OptionalPersonAction }) action: PersonAction, @Res({ passthrough: true }) reply: Reply,
  ): Promise<Alert> {
    return send(reply, await actOnAlert(this.#context, id, 'resolve', action))
  }
}
