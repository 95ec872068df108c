/** The file that TIDEMARK_POLICY names: schemas of events, and rules of what of them is not stored. Read once, at start; docs/how-to/keep-data-out.md. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { TrackerError } from '../problem.js'
import { compileSchema } from './event-schema.js'
import { keyedHash, type Mask } from './mask.js'
import { parsePath } from './paths.js'
import { type EventSchema, Policy, type Rule } from './policy.js'

/** Of the file, and of each schema. */
const MAX_FILE_BYTES = 256 * 1024
const MAX_SCHEMAS = 1_000
const MAX_RULES = 200
const MAX_PATHS = 100
/** What a keyed hash is worth is what its key is worth. */
const MIN_KEY_CHARACTERS = 16

const Name = z.string().min(1).max(200)
const Paths = z.array(z.string().max(1_000)).max(MAX_PATHS).default([])
const PolicyFile = z.strictObject({
  schemas: z.array(z.strictObject({
    type: Name, schema: z.union([z.string(), z.record(z.string(), z.unknown())]), onFault: z.enum(['reject', 'report']).default('reject'),
  })).max(MAX_SCHEMAS).default([]),
  rules: z.array(z.strictObject({
    name: Name.optional(), type: Name.default('*'), source: z.string().min(1).max(400).default('*'), drop: z.literal(true).optional(),
    remove: Paths, hash: Paths, replace: z.record(z.string().max(1_000), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
    opaque: z.enum(['remove', 'keep']).default('remove'),
  })).max(MAX_RULES).default([]),
})
type PolicyFile = z.infer<typeof PolicyFile>

/** Throws `badConfiguration` with everything that is wrong. Without a path: a policy that asks for nothing. */
export function readPolicy(path: string | undefined, maskKey: string | undefined): Policy {
  if (path === undefined) return new Policy([], [], noHash)
  const wrong: string[] = []
  const file = PolicyFile.safeParse(readJson(path, (message) => wrong.push(message)))
  if (wrong.length === 0 && !file.success) for (const { path: at, message } of file.error.issues) wrong.push(`${at.join('.') || 'the file'}: ${message}`)
  if (!file.success || wrong.length > 0) throw badPolicy(path, wrong)
  const complain = (message: string): void => void wrong.push(message)
  const schemas = file.data.schemas.map((one, i) => schemaOf(one, i, dirname(path), complain))
  const rules = file.data.rules.map((one, i) => ruleOf(one, i, complain))
  if (rules.some(({ masks }) => masks.some(({ action }) => action === 'hash')) && (maskKey ?? '').length < MIN_KEY_CHARACTERS) {
    complain(`rules that hash need TIDEMARK_MASK_KEY, a secret of at least ${MIN_KEY_CHARACTERS} characters: without it anybody could try out what stands behind a hash`)
  }
  if (wrong.length > 0) throw badPolicy(path, wrong)
  return new Policy(schemas.filter((schema) => schema !== undefined), rules, maskKey === undefined ? noHash : keyedHash(maskKey))
}

function schemaOf({ type, schema, onFault }: PolicyFile['schemas'][number], i: number, folder: string, complain: (message: string) => void): EventSchema | undefined {
  const where = `schemas.${i} (${type})`
  const source = typeof schema === 'string' ? readJson(resolve(folder, schema), (message) => complain(`${where}: ${message}`)) : schema
  if (source === undefined) return undefined
  try {
    return { type, onFault, source, check: compileSchema(source) }
  } catch (error) {
    complain(`${where}: the schema ${(error as Error).message}`)
    return undefined
  }
}

function ruleOf(rule: PolicyFile['rules'][number], i: number, complain: (message: string) => void): Rule {
  const where = `rules.${i}${rule.name === undefined ? '' : ` (${rule.name})`}`
  const masks: Mask[] = []
  const add = (text: string, action: Mask['action']): void => {
    try {
      masks.push({ path: parsePath(text), action })
    } catch (error) {
      complain(`${where}: ${(error as Error).message}`)
    }
  }
  for (const path of rule.remove) add(path, 'remove')
  for (const path of rule.hash) add(path, 'hash')
  for (const [path, replaceWith] of Object.entries(rule.replace)) add(path, { replaceWith })
  if (rule.drop === true && masks.length > 0) complain(`${where}: an event that is dropped has nothing left to mask`)
  if (rule.drop !== true && rule.remove.length + rule.hash.length + Object.keys(rule.replace).length === 0) complain(`${where}: says nothing of what to do: drop, remove, hash or replace`)
  return { name: rule.name ?? `rule ${i + 1}`, type: rule.type, source: rule.source, drops: rule.drop === true, masks, opaque: rule.opaque }
}

function readJson(path: string, complain: (message: string) => void): unknown {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) complain(`${path} has more than ${MAX_FILE_BYTES} bytes`)
    else return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    complain(code === undefined ? `${path} is not JSON: ${message}` : `${path} cannot be read (${code})`)
  }
  return undefined
}

function badPolicy(path: string, wrong: readonly string[]): TrackerError {
  return new TrackerError('badConfiguration', 500, `The policy in ${path} (TIDEMARK_POLICY) is wrong:\n${wrong.map((line) => `  - ${line}`).join('\n')}`)
}

function noHash(): string {
  throw new Error('There is no key to hash with, which the reading of the policy makes sure of.')
}
