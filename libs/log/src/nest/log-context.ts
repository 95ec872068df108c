import { BaseRpcContext } from '@nestjs/microservices'
import type { Entry, Position } from '../log.js'
import type { CloudEvent } from './event-record.js'

/** What a handler gets as `@Ctx()`, beside the event's data as `@Payload()`. */
export class LogContext extends BaseRpcContext<[Entry, CloudEvent, number]> {
  constructor(entry: Entry, event: CloudEvent, attempt: number) {
    super([entry, event, attempt])
  }

  /** The event with all its attributes. `source` and `id` name it: a handler that must not act twice remembers them. */
  get event(): CloudEvent {
    return this.args[1]
  }

  get entry(): Entry {
    return this.args[0]
  }

  get position(): Position {
    return this.args[0].position
  }

  /** 1 at first; more where the handler failed before. After a restart it begins anew. */
  get attempt(): number {
    return this.args[2]
  }
}
