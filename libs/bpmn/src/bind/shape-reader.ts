import type { Finding } from '../model.js'
import { finding } from '../read/finding-codes.js'

export type Shape = Readonly<Record<string, unknown>>

/** Reads plain data of an expected shape; whatever does not fit becomes a finding that says where, and is left out. */
export class ShapeReader {
  readonly findings: Finding[] = []

  record(value: unknown, where: string): Shape | undefined {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Shape
    this.fault(where, 'must be a map of keys and values')
    return undefined
  }

  text(from: Shape, key: string, where: string): string | undefined {
    const value = from[key]
    if (value === undefined || value === null) return undefined
    if (typeof value === 'string') return value
    if (typeof value === 'number') return String(value)
    this.fault(at(where, key), 'must be text')
    return undefined
  }

  flag(from: Shape, key: string, where: string): boolean | undefined {
    const value = from[key]
    if (value === undefined || typeof value === 'boolean') return value
    this.fault(at(where, key), 'must be true or false')
    return undefined
  }

  choice<T extends string>(from: Shape, key: string, where: string, allowed: readonly T[]): T | undefined {
    const value = from[key]
    if (value === undefined) return undefined
    const found = allowed.find((candidate) => candidate === value)
    if (found === undefined) this.fault(at(where, key), `must be ${allowed.join(', ')}`)
    return found
  }

  onlyKeys(from: Shape, allowed: readonly string[], where: string): void {
    for (const key of Object.keys(from)) {
      if (allowed.includes(key)) continue
      this.findings.push(finding('unknownMappingKey', undefined,
        `The mapping has ${at(where, key)}, which means nothing. Allowed there: ${allowed.join(', ')}.`))
    }
  }

  fault(where: string, problem: string): void {
    this.findings.push(finding('badMapping', undefined, `${where === '' ? 'The mapping' : `${where} of the mapping`} ${problem}.`))
  }
}

export function at(where: string, key: string): string {
  return where === '' ? key : `${where}.${key}`
}
