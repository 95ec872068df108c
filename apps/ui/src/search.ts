import type { AlertStatus, CommandStatus, FateKind, InstanceStatus } from '@tidemark/api'

/**
 * The view state of each page as plain query parameters: what a person sees in the address bar is what the API takes. A value that does not
 * parse is dropped, so that a mistyped link still opens.
 */
export interface Codec<T> {
  parse(raw: Record<string, unknown>): T
}

type Reader<T> = (text: string) => T | undefined
type Shape = Record<string, Reader<unknown>>
type Read<S extends Shape> = { [K in keyof S]?: S[K] extends Reader<infer T> ? T : never }

export function codec<S extends Shape>(shape: S): Codec<Read<S>> {
  return {
    parse(raw) {
      const found: Record<string, unknown> = {}
      for (const [name, read] of Object.entries(shape)) {
        const value = raw[name]
        if (value === undefined || value === null || value === '') continue
        const parsed = read(String(value))
        if (parsed !== undefined) found[name] = parsed
      }
      return found as Read<S>
    },
  }
}

/** For the router: every value stays a string until its page's codec reads it (a key such as "007" is not a number). */
export function parseQuery(query: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(query))
}

/** The inverse; absent, empty and false-by-absence values leave no trace, so that equal views have equal links. */
export function stringifyQuery(search: Record<string, unknown>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value))
  }
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

export const text: Reader<string> = (value) => value
export const flag: Reader<boolean> = (value) => (value === 'true' ? true : value === 'false' ? false : undefined)
export const whole: Reader<number> = (value) => (/^\d{1,9}$/.test(value) ? Number(value) : undefined)
export const moment: Reader<string> = (value) => (Number.isNaN(Date.parse(value)) ? undefined : value)
export function oneOf<T extends string>(values: readonly T[]): Reader<T> {
  return (value) => values.find((known) => known === value)
}

export const lenses = ['counts', 'waits', 'durations', 'visits'] as const
export type Lens = (typeof lenses)[number]
export const instanceStatuses: readonly InstanceStatus[] = ['active', 'completed', 'terminated']
export const alertStatuses: readonly AlertStatus[] = ['open', 'acknowledged', 'resolved']
export const fateKinds: readonly FateKind[] = ['pending', 'tracked', 'duplicate', 'waiting', 'ignored', 'incident', 'unmatched', 'quarantined', 'discarded', 'tooOld']
export const commandStatuses: readonly CommandStatus[] = [
  'proposed', 'scheduled', 'sending', 'delivered', 'failed', 'dead', 'rejected', 'withdrawn', 'missed', 'noted',
]

export const flowSearch = codec({ version: whole, lens: oneOf(lenses), element: text, view: oneOf(['diagram', 'table'] as const), at: moment })
export type FlowSearch = ReturnType<typeof flowSearch.parse>

export const momentSearch = codec({ at: moment })

export const instanceSearch = codec({
  model: text, version: whole, key: text, status: oneOf(instanceStatuses), element: text, waitingLongerThan: text,
  stuck: flag, late: flag, deviating: flag, deviation: text, startedAfter: text, startedBefore: text, variable: text,
})
export type InstanceSearch = ReturnType<typeof instanceSearch.parse>

export const alertSearch = codec({ status: oneOf(alertStatuses), model: text, alert: text })
export const commandSearch = codec({ status: oneOf(commandStatuses), model: text })
export const eventSearch = codec({ type: text, source: text, subject: text, fate: oneOf(fateKinds), event: text })
export const faultKinds = ['instances', 'events', 'models'] as const
export const faultSearch = codec({ show: oneOf(faultKinds), unit: text, event: text })
export const typeSearch = codec({ type: text })
export const modelSearch = codec({ model: text, version: whole })
