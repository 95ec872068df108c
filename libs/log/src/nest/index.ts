/** A door of its own: who does not use Nest does not need it. */
export { EventRecord } from './event-record.js'
export type { CloudEvent, EventAttributes } from './event-record.js'
export { LogClient } from './log-client.js'
export type { LogClientOptions } from './log-client.js'
export { LogContext } from './log-context.js'
export { LogServer } from './log-server.js'
export type { LogServerOptions } from './log-server.js'
