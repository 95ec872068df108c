import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { CommandWay } from './command-outbox.js'
import { post } from './post.js'

/** Commands POSTed as structured CloudEvents to the address that the settings give for the service. */
export function commandsOverHttp(settings: Pick<Settings, 'commandUrls' | 'signingSecret'>, clock: Clock, timeoutMs?: number): CommandWay {
  return {
    name: 'http',
    send({ id, target }, body, signal) {
      const url = target === null || !Object.hasOwn(settings.commandUrls, target) ? undefined : settings.commandUrls[target]
      if (url === undefined) return undefined
      return post({
        url, id, body, contentType: 'application/cloudevents+json; charset=utf-8', secret: settings.signingSecret, now: clock.machine(), signal,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      })
    },
  }
}
