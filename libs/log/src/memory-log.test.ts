import { MemoryLog } from './memory-log.js'
import { describeLogContract } from './testing/log-contract.js'

describeLogContract('MemoryLog', {
  open: async (clock) => new MemoryLog(clock && { clock }),
  capabilities: { producers: true, exactTrim: true, densePositions: true },
})
