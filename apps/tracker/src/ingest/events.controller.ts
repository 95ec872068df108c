import { Body, Controller, Headers, HttpCode, Inject, Options, Post, Res } from '@nestjs/common'
import { ApiBody, ApiConsumes, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger'
import { EventsAccepted } from '@tidemark/api'
import type { FastifyReply } from 'fastify'
import type { Settings } from '../config.js'
import { MAX_EVENTS_BYTES } from '../http/body-limits.js'
import { SETTINGS } from '../store/tokens.js'
import type { Headers as EventHeaders } from './binary-mode.js'
import { Intake } from './intake.js'
import { readEvents } from './read-events.js'
import { unpack } from './unpack.js'
import { consentTo } from './webhook-handshake.js'

const NO_BODY = new Uint8Array(0)

@ApiTags('events')
@Controller('api/v1/events')
export class EventsController {
  constructor(@Inject(Intake) private readonly intake: Intake, @Inject(SETTINGS) private readonly settings: Settings) {}

  /** 202 once the events are durable. A batch is taken whole or refused whole. */
  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Takes CloudEvents 1.0: one (structured or binary mode) or a batch, which is taken whole or refused whole' })
  @ApiConsumes('application/cloudevents+json', 'application/cloudevents-batch+json', 'application/json')
  @ApiBody({ schema: { type: 'object', required: ['specversion', 'id', 'source', 'type'], additionalProperties: true } })
  @ApiResponse({ status: 202, description: 'On disk. What was there before is counted as a duplicate.', standardSchema: EventsAccepted })
  async append(@Headers() headers: EventHeaders, @Body() body: Uint8Array | undefined): Promise<EventsAccepted> {
    const encoding = headers['content-encoding']
    const bytes = encoding === undefined ? (body ?? NO_BODY) : await unpack(String(encoding), body ?? NO_BODY, MAX_EVENTS_BYTES)
    return this.intake.take(readEvents(headers, bytes))
  }

  @Options()
  @HttpCode(200)
  @ApiOperation({ summary: 'The handshake of CloudEvents webhooks: who may deliver here' })
  handshake(@Headers('webhook-request-origin') origin: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): void {
    void reply.headers(consentTo(origin, this.settings.eventOrigins))
  }
}
