import { readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { WrongUse } from './output.js'

/** Where names are not spelled out, what counts as a model. */
const MODEL_NAME = /\.(bpmn|bpmn2|bpmn20\.xml)$/i
/** Deeper folders are a loop of links or a mistake. */
const MAX_DEPTH = 64
const SKIPPED_FOLDERS = new Set(['node_modules', '.git'])

/**
 * The files that arguments mean: a file as it is, of a folder all models below it, of a pattern (`models/**\/*.bpmn`, for shells that
 * leave it to us) all that match. In the order of the arguments, names in a folder sorted. Files come one at a time, not as one list.
 */
export async function* modelFiles(args: readonly string[]): AsyncGenerator<string> {
  for (const arg of args) {
    const found = await stat(arg).catch(() => undefined)
    if (found?.isDirectory() === true) yield* matching(arg, (path) => MODEL_NAME.test(path), arg)
    else if (found !== undefined) yield arg
    else if (/[*?[{]/.test(arg)) yield* byPattern(arg)
    else throw new WrongUse(`there is no file or folder ${arg}`)
  }
}

async function* byPattern(pattern: string): AsyncGenerator<string> {
  const parts = pattern.split(/[/\\]/)
  const fixed = parts.slice(0, parts.findIndex((part) => /[*?[{]/.test(part)))
  const base = fixed.length === 0 ? '.' : fixed.join('/') || '/'
  const expression = toExpression(pattern)
  yield* matching(base, (path) => expression.test(path), pattern)
}

async function* matching(base: string, accepts: (path: string) => boolean, arg: string): AsyncGenerator<string> {
  let any = false
  for await (const path of below(base, MAX_DEPTH)) {
    if (!accepts(path.split(sep).join('/'))) continue
    any = true
    yield path
  }
  if (!any) throw new WrongUse(`no BPMN file was found for ${arg}`)
}

async function* below(folder: string, depth: number): AsyncGenerator<string> {
  if (depth === 0) return
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = folder === '.' ? entry.name : join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name)) yield* below(path, depth - 1)
    } else if (entry.isFile() || entry.isSymbolicLink()) {
      yield path
    }
  }
}

/** `*` and `?` stay within a folder, `**` crosses folders, `{a,b}` chooses. */
function toExpression(pattern: string): RegExp {
  const source = pattern
    .replace(/\\/g, '/')
    .replace(/^\.\//, '')
    .replace(/[.+^$()|[\]]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*|\?/g, (mark) => ({ '**/': '(?:[^/]+/)*', '**': '.*', '*': '[^/]*', '?': '[^/]' })[mark] ?? mark)
    .replace(/\{([^{}]*)\}/g, (_, choices: string) => `(?:${choices.split(',').join('|')})`)
    .replace(/[{}]/g, '\\$&')
  return new RegExp(`^(?:\\./)?${source}$`)
}
