/** A door of its own: who does not use JetStream does not load its client. */
export { JetStreamLog } from './jetstream-log.js'
export type { JetStreamLogOptions } from './jetstream-log.js'
