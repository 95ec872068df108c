import { parseDocument } from 'yaml'
import type { Finding } from '../model.js'
import { finding } from '../read/finding-codes.js'
import { readElementRules, readProcessRules } from './mapping-shape.js'
import { ShapeReader } from './shape-reader.js'
import type { ElementRules, ProcessRules } from './rules.js'

/** What a side file says of a model: the same as `tm:` in the model can say, and it wins over it. mapping-schema.ts is its shape. */
export interface Mapping {
  /** Id of the process meant; needed only where a file has several. */
  readonly process?: string
  readonly rules: ProcessRules
  /** By element id, or by name: then all elements of that name are meant. */
  readonly elements: Readonly<Record<string, ElementRules>>
}

/** A mapping is small; YAML aliases could make it large. */
const MAX_MAPPING_LENGTH = 500_000
const MAX_ALIASES = 100

/** Reads YAML or JSON. Strict: a key that means nothing here is an error, so that a typing mistake is not silently without effect. */
export function parseMapping(text: string): { mapping?: Mapping; findings: Finding[] } {
  if (text.length > MAX_MAPPING_LENGTH) {
    return { findings: [finding('badMapping', undefined, `The mapping is longer than ${MAX_MAPPING_LENGTH} characters.`)] }
  }
  let value: unknown
  try {
    const document = parseDocument(text, { prettyErrors: true, strict: true, uniqueKeys: true })
    const [error] = document.errors
    if (error !== undefined) return { findings: [finding('badMapping', undefined, `The mapping is not YAML: ${firstLine(error.message)}`)] }
    value = document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    return { findings: [finding('badMapping', undefined, `The mapping is not YAML: ${firstLine(String(error))}`)] }
  }

  const reader = new ShapeReader()
  const top = reader.record(value, '')
  if (top === undefined) return { findings: reader.findings }
  const process = reader.text(top, 'process', '')
  const rules = readProcessRules(reader, top)
  const elements: Record<string, ElementRules> = Object.create(null) as Record<string, ElementRules>
  const written = top['elements'] === undefined ? {} : (reader.record(top['elements'], 'elements') ?? {})
  for (const [name, entry] of Object.entries(written)) elements[name] = readElementRules(reader, entry, `elements.${name}`)
  if (reader.findings.length > 0) return { findings: reader.findings }
  return { mapping: { ...(process === undefined ? {} : { process }), rules, elements }, findings: [] }
}

function firstLine(message: string): string {
  return message.split('\n')[0] ?? message
}
