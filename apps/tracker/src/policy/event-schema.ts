/**
 * JSON Schema for the `data` of events of a type (drafts 7 and 2020-12). Schemas are the operator's, events are anybody's: patterns are read for
 * what they could cost, texts that formats look at are bounded, nothing is fetched from elsewhere.
 */
import { Ajv, type AnySchemaObject, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { safePattern } from './safe-pattern.js'

/** Characters that a format (date-time, email, uri ...) is looked for in. */
const MAX_FORMAT_CHARACTERS = 4_096
/** Items of an array that are compared each with each. */
const MAX_UNIQUE_ITEMS = 1_000
const DRAFT_7 = /^https?:\/\/json-schema\.org\/draft-07\/schema#?$/
const DRAFT_2020 = /^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/

/** What is wrong with data, without its values: a JSON pointer below data, and what it must be. Undefined: nothing. */
export type SchemaFault = { readonly at: string; readonly message: string }
export type SchemaCheck = (data: unknown) => SchemaFault | undefined

/** Throws an Error that says what is wrong with the schema. */
export function compileSchema(schema: unknown): SchemaCheck {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) throw new Error('is no JSON object')
  refuseCostly(schema, '')
  const validate = compilerOf((schema as AnySchemaObject)['$schema']).compile(schema)
  return (data) => (validate(data) ? undefined : faultOf(validate))
}

function faultOf(validate: ValidateFunction): SchemaFault {
  const [error] = validate.errors ?? []
  return { at: error?.instancePath ?? '', message: error?.message ?? 'does not fit the schema' }
}

function compilerOf(dialect: unknown): Ajv {
  if (dialect !== undefined && (typeof dialect !== 'string' || !(DRAFT_7.test(dialect) || DRAFT_2020.test(dialect)))) {
    throw new Error(`has the $schema ${JSON.stringify(dialect)}: draft 7 and 2020-12 are taken`)
  }
  // No coercion, no defaults: what is checked is what is stored. The first fault ends the check, which keeps a limit in front of what it limits.
  const options = { strict: true, strictTypes: false, strictRequired: false, allErrors: false, code: { regExp } } as const
  const compiler = typeof dialect === 'string' && DRAFT_7.test(dialect) ? new Ajv(options) : (new Ajv2020(options) as unknown as Ajv)
  addFormats.default(compiler)
  for (const [name, format] of Object.entries(compiler.formats)) {
    if (format instanceof RegExp) compiler.addFormat(name, (text: string) => text.length <= MAX_FORMAT_CHARACTERS && format.test(text))
  }
  return compiler
}

function regExp(pattern: string, flags: string): RegExp {
  // All that the compiled check calls is `test`.
  return safePattern(pattern, flags) as unknown as RegExp
}
regExp.code = 'safePattern'

function refuseCostly(schema: unknown, at: string): void {
  if (typeof schema !== 'object' || schema === null) return
  const members = schema as Record<string, unknown>
  const { uniqueItems, maxItems } = members
  if (uniqueItems === true && !(typeof maxItems === 'number' && maxItems <= MAX_UNIQUE_ITEMS)) {
    throw new Error(`asks for uniqueItems at ${at === '' ? 'its root' : at} without maxItems of at most ${MAX_UNIQUE_ITEMS}: each item is compared with each`)
  }
  for (const [name, member] of Object.entries(members)) if (name !== 'enum' && name !== 'const' && name !== 'default' && name !== 'examples') refuseCostly(member, `${at}/${name}`)
}
