export { describeLogContract } from './log-contract.js'
export type { LogUnderTest } from './log-contract.js'
