/** Models of 2 MB and their side mapping. */
export const MAX_BODY_BYTES = 2.5 * 1024 * 1024
/** A batch of 1,000 events of a kilobyte; unpacked, where it came compressed. */
export const MAX_EVENTS_BYTES = 1024 * 1024
