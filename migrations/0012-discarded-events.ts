/**
 * Which events somebody threw away is looked up by their positions: by lists of events, and by the status. Without this both read everything that
 * people ever did. Other operations cost nothing by it.
 */
export const discardedEvents = {
  id: '0012-discarded-events',
  statements: [
    `create index operation_discarded on operation (target, position) where op = 'discardEvent'`,
  ],
}
