import { Body, Controller, Headers, HttpCode, Inject, Options, Post, Res } from '@nestjs/common'
import type { EventsAccepted } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import type { FastifyReply } from 'fastify'
import { LOG } from '../store/tokens.js'
import type { Headers as EventHeaders } from './binary-mode.js'
import { readEvents } from './read-events.js'

const NO_BODY = new Uint8Array(0)

@Controller('api/v1/events')
export class EventsController {
  constructor(@Inject(LOG) private readonly log: Log) {}

  /** 202 once the events are durable. A batch is taken whole or refused whole. */
  @Post()
  @HttpCode(202)
  async append(@Headers() headers: EventHeaders, @Body() body: Uint8Array | undefined): Promise<EventsAccepted> {
    const drafts = readEvents(headers, body ?? NO_BODY)
    const { accepted, duplicates, last } = await this.log.append(drafts)
    return { accepted, duplicates, position: String(last) }
  }

  /** The handshake of CloudEvents webhooks: whoever may post here may post at any rate, and is held back by 503 when it is too much. */
  @Options()
  @HttpCode(200)
  handshake(@Headers('webhook-request-origin') origin: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): void {
    void reply.headers({ allow: 'POST, OPTIONS', 'webhook-allowed-origin': origin ?? '*', 'webhook-allowed-rate': '*' })
  }
}
