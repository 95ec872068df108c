import { WrongUse } from '../output.js'
import type { LogOptions } from './event-log.js'

/** Which column, by its place, plays which role. */
export interface Columns {
  readonly names: readonly string[]
  readonly case: number
  readonly activity: number
  readonly time: number
  readonly startTime?: number
  readonly resource?: number
}

/** What these columns are called in practice, most telling first; compared without case, spaces and punctuation. */
const usual = {
  case: ['case:concept:name', 'case id', 'case', 'case number', 'trace id', 'trace', 'order id', 'ticket id', 'process instance id'],
  activity: ['concept:name', 'activity', 'activity name', 'activity id', 'event', 'event type', 'event name', 'task', 'task name', 'step', 'operation'],
  time: ['time:timestamp', 'complete timestamp', 'end timestamp', 'end time', 'end', 'timestamp', 'event time', 'completed at', 'time', 'date time', 'date'],
  startTime: ['start timestamp', 'start time', 'started at', 'start'],
  resource: ['org:resource', 'resource', 'user', 'agent', 'employee'],
} as const

type Role = keyof typeof usual

const flags: Readonly<Record<Role, string>> = {
  case: '--case', activity: '--activity', time: '--time', startTime: '--start-time', resource: '--resource',
}

/** Takes the columns that were named, and guesses the others; says which there are where one is missing. */
export function chooseColumns(names: readonly string[], options: LogOptions, path: string): Columns {
  const place = (role: Role): number | undefined => {
    const named = options[role]
    const found = named === undefined ? guess(role, names) : names.indexOf(named)
    if (named !== undefined && found === -1) throw missing(`there is no column "${named}" (${flags[role]})`, names, path)
    return found
  }
  const required = (role: Role): number => {
    const found = place(role)
    if (found === undefined) throw missing(`which column holds the ${role === 'time' ? 'time' : role}? Name it with ${flags[role]}`, names, path)
    return found
  }
  const columns: Columns = { names, case: required('case'), activity: required('activity'), time: required('time') }
  const startTime = place('startTime')
  const resource = place('resource')
  return { ...columns, ...(startTime === undefined ? {} : { startTime }), ...(resource === undefined ? {} : { resource }) }
}

function guess(role: Role, names: readonly string[]): number | undefined {
  const plain = names.map(plainly)
  for (const candidate of usual[role]) {
    const at = plain.indexOf(plainly(candidate))
    if (at >= 0) return at
  }
  return undefined
}

function plainly(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

function missing(what: string, names: readonly string[], path: string): WrongUse {
  return new WrongUse(`${path}: ${what}. The columns are: ${names.map((name) => `"${name}"`).join(', ')}`)
}
