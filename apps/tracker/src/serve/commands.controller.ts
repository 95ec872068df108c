import { CommandSummary } from '@tidemark/api'
import type { CommandQuery, Page, PersonAction } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import { Body, Controller, Get, Inject, Param, Post, Query, Res } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { DATABASE, LOG, PROGRESS } from '../store/tokens.js'
import { send } from './answer.js'
import type { Reply } from './answer.js'
import { actOnCommand, findCommand, listCommands } from './commands.js'
import { Answers, AnswersPage, ByAPerson } from './documented.js'
import { Processes } from './processes.js'
import { OptionalPersonAction, StrictCommandQuery } from './queries.js'

@ApiTags('commands')
@Controller('api/v1/commands')
export class CommandsController {
  readonly #context

  constructor(
    @Inject(DATABASE) db: Database, @Inject(LOG) log: Log, @Inject(PROGRESS) progress: Progress, @Inject(Processes) processes: Processes,
  ) {
    this.#context = { db, log, progress, processes }
  }

  @Get()
  @AnswersPage('What services were, are or would be told, the latest decision first', CommandSummary)
  list(@Query({ schema: StrictCommandQuery }) query: CommandQuery): Promise<Page<CommandSummary>> {
    return listCommands(this.#context, query)
  }

  @Get(':id')
  @Answers('One command', CommandSummary)
  find(@Param('id') id: string): Promise<CommandSummary> {
    return findCommand(this.#context, id)
  }

  @Post(':id/approve')
  @ByAPerson('Sends a proposed command', CommandSummary)
  async approve(
    @Param('id') id: string, @Body({ schema: OptionalPersonAction }) action: PersonAction, @Res({ passthrough: true }) reply: Reply,
  ): Promise<CommandSummary> {
    return send(reply, await actOnCommand(this.#context, id, 'approve', action))
  }

  @Post(':id/reject')
  @ByAPerson('Keeps a proposed command from being sent', CommandSummary)
  async reject(
    @Param('id') id: string, @Body({ schema: OptionalPersonAction }) action: PersonAction, @Res({ passthrough: true }) reply: Reply,
  ): Promise<CommandSummary> {
    return send(reply, await actOnCommand(this.#context, id, 'reject', action))
  }

  @Post(':id/retry')
  @ByAPerson('Sends a failed command again, under the same key', CommandSummary)
  async retry(
    @Param('id') id: string, @Body({ schema: OptionalPersonAction }) action: PersonAction, @Res({ passthrough: true }) reply: Reply,
  ): Promise<CommandSummary> {
    return send(reply, await actOnCommand(this.#context, id, 'retry', action))
  }
}
