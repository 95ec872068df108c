import { LiveMessage } from '@tidemark/api'
import { Controller, Headers, Inject, Query, Sse } from '@nestjs/common'
import type { MessageEvent } from '@nestjs/common'
import { ApiTags } from '@nestjs/swagger'
import type { Observable } from 'rxjs'
import { Answers } from './documented.js'
import { LiveChannel } from './live-channel.js'
import { liveStream } from './live-stream.js'
import { LastEventId, LiveQuery } from './queries.js'

/** A client that does not read loses its connection when this much waits for it; it comes back with Last-Event-ID. */
const WAITING_CHARACTERS = 256 * 1024

@ApiTags('live')
@Controller('api/v1/live')
export class LiveController {
  constructor(@Inject(LiveChannel) private readonly channel: LiveChannel) {}

  @Sse('', { maxPendingDataLength: WAITING_CHARACTERS })
  @Answers('Server-sent events: what changed, resumable by Last-Event-ID', LiveMessage)
  watch(
    @Query({ schema: LiveQuery }) query: LiveQuery,
    @Headers('last-event-id') lastEventId: string | undefined,
  ): Observable<MessageEvent> {
    return liveStream(this.channel, query.model, LastEventId.parse(lastEventId))
  }
}
