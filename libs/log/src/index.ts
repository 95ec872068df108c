export * from './log.js'
export { MemoryLog } from './memory-log.js'
export type { MemoryLogOptions } from './memory-log.js'
export { subjectFor } from './subjects.js'
