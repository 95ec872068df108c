/** Models of 2 MB and their side mapping. */
export const MAX_BODY_BYTES = 2.5 * 1024 * 1024
/** A batch of 1,000 events of a kilobyte; unpacked, where it came compressed. */
export const MAX_EVENTS_BYTES = 1024 * 1024
/** A trace request, unpacked: what an exporter sends by default (512 spans) several times over. */
export const MAX_TRACES_BYTES = 4 * 1024 * 1024
/** Where bodies are read by their own room, byte by byte as they came. */
export const EVENTS_PATH = '/api/v1/events'
export const TRACES_PATH = '/v1/traces'
