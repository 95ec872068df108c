/** Injection tokens: what app.module provides to every room. */
export const DATABASE = Symbol('Database')
export const LOG = Symbol('Log')
export const PROGRESS = Symbol('Progress')
export const CLOCK = Symbol('Clock')
export const SETTINGS = Symbol('Settings')
export const START_DEMO = Symbol('StartDemo')
export const POLICY = Symbol('Policy')
export const LOGGER = Symbol('Logger')
