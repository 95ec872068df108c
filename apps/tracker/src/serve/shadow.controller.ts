import { type AcceptShadow, Deployed, Shadow } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common'
import { ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger'
import type { Clock } from '../clock.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { CLOCK, DATABASE, LOG, PROGRESS } from '../store/tokens.js'
import { send, type Reply } from './answer.js'
import { Answers } from './documented.js'
import { readModelBody } from './model-body.js'
import { OptionalAcceptShadow, ShadowQuery } from './queries.js'
import { acceptShadow, beginShadow, dropShadow, findShadow } from './shadow.js'

@ApiTags('models')
@Controller('api/v1/models/:id/shadow')
export class ShadowController {
  constructor(
    @Inject(DATABASE) readonly db: Database, @Inject(LOG) readonly log: Log, @Inject(PROGRESS) readonly progress: Progress, @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Answers('The version of a model that was tried last: how far it is, and what would differ', Shadow)
  find(@Param('id') id: string): Promise<Shadow> {
    return findShadow(this.db, id)
  }

  @Post()
  @HttpCode(202)
  @ApiConsumes('application/xml', 'multipart/form-data', 'application/json')
  @ApiBody({ schema: { type: 'object', properties: { model: { type: 'string', format: 'binary' }, mapping: { type: 'string' }, decision: { type: 'string', description: 'DMN' } } } })
  @Answers('Tries a new version: tells all instances again by it beside those in use, and says what would differ', Shadow, { status: 202, description: 'Asked for.' })
  async begin(
    @Param('id') id: string, @Query({ schema: ShadowQuery }) query: ShadowQuery, @Headers('content-type') contentType: string | undefined, @Body() body: unknown,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<unknown> {
    const model = await readModelBody(contentType ?? '', body)
    return send(reply, await beginShadow(this, id, model, { by: query.by ?? 'operator', since: query.since, now: this.clock.machine() }))
  }

  @Post('accept')
  @Answers('Deploys the version that was tried; `move` puts what it says of all instances in the place of what is shown, at once', Deployed, { status: 202, description: 'Asked for.', schema: Shadow })
  async accept(@Param('id') id: string, @Body({ schema: OptionalAcceptShadow }) said: AcceptShadow, @Res({ passthrough: true }) reply: Reply): Promise<unknown> {
    return send(reply, await acceptShadow(this, id, said, this.clock.machine()))
  }

  @Post('drop')
  @HttpCode(202)
  @Answers('Forgets the version that was tried; what is in use stays', Shadow, { status: 202, description: 'Asked for.' })
  async drop(@Param('id') id: string, @Res({ passthrough: true }) reply: Reply): Promise<unknown> {
    return send(reply, await dropShadow(this, id, this.clock.machine()))
  }
}
