import type { MessageEvent } from '@nestjs/common'
import { Observable } from 'rxjs'
import type { LiveChannel } from './live-channel.js'

/** Proxies close what is silent for half a minute or more. */
const HEARTBEAT_MS = 15_000

/** A channel as server-sent events; the id of each is the position that it is true at. */
export function liveStream(channel: LiveChannel, model: string | undefined, lastHeard: bigint | undefined): Observable<MessageEvent> {
  return new Observable<MessageEvent>((subscriber) => {
    const leave = channel.watch(model, lastHeard, ({ position, message }) => {
      subscriber.next({ id: String(position), type: message.kind, data: JSON.stringify(message) })
    }, () => subscriber.complete())
    const heartbeat = setInterval(() => subscriber.next({ comment: 'alive' }), HEARTBEAT_MS)
    return () => {
      clearInterval(heartbeat)
      leave()
    }
  })
}
