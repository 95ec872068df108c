import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoRoot } from './requires.js'

/** The fenced blocks of a page below docs, in their order: what a reader copies, a test can run. Throws where there are none. */
export function examplesOf(page: string, language: string): readonly string[] {
  const text = readFileSync(join(repoRoot, 'docs', page), 'utf8')
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '')
  if (blocks.length === 0) throw new Error(`docs/${page} has no example in ${language}`)
  return blocks
}
