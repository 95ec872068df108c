import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findingCodes } from '../libs/bpmn/src/read/finding-codes.js'
import { repoRoot } from './support/requires.js'
import { isTest, sourceFiles } from './support/source-files.js'

/** docs/ERRORS.md and the code name the same codes: one that is new is explained, one that is gone is struck out. */
const documented = sectionsOf(readFileSync(join(repoRoot, 'docs/ERRORS.md'), 'utf8'))
const tracker = sourceFiles().filter((file) => file.path.startsWith('apps/tracker/src/') && !isTest(file.path))

describe('docs/ERRORS.md lists exactly', () => {
  test('the codes of problems that the tracker answers with', () => {
    expect(documented.get('Problems')).toEqual(sorted(problemCodes()))
  })

  test('the codes of findings in models and mappings', () => {
    const unusable = tracker.filter((file) => file.path.endsWith('/cli/check.ts')).flatMap((file) => matches(file.text, /unusable\('(\w+)'/g))
    const deploying = tracker.filter((file) => file.path.endsWith('/serve/deploy.ts')).flatMap((file) => matches(file.text, /code: '(\w+)', severity: /g))
    expect(documented.get('Findings')).toEqual(sorted([...Object.keys(findingCodes), ...unusable, ...deploying]))
  })

  test('the codes of the log', () => {
    const union = /export type LogErrorCode =([^]*?)\n\n/.exec(readFileSync(join(repoRoot, 'libs/log/src/log.ts'), 'utf8'))?.[1] ?? ''
    expect(documented.get('Log')).toEqual(sorted(matches(union, /'(\w+)'/g)))
  })
})

/** Thrown, named by what was not found, answered in place of a framework's error, or written out. */
function problemCodes(): string[] {
  const text = tracker.map((file) => file.text).join('\n')
  const byStatus = /const codes[^=]*= \{([^}]*)\}/.exec(text)?.[1] ?? ''
  return [
    ...matches(text, /new TrackerError\(\s*'(\w+)'/g),
    ...matches(text, /\bfound\([^\n]*?, '(\w+)', /g).map((what) => `${what}NotFound`),
    ...matches(byStatus, /'(\w+)'/g),
    ...matches(text, /urn:tidemark:problem:(\w+)'/g),
  ]
}

/** First cells of the tables below each heading of second rank. */
function sectionsOf(markdown: string): Map<string, string[]> {
  const sections = markdown.split(/^## /m).slice(1)
  return new Map(sections.map((section) => [section.split('\n', 1)[0]?.split(' ', 1)[0] ?? '', sorted(matches(section, /^\| `(\w+)`/gm))]))
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '')
}

function sorted(codes: readonly string[]): string[] {
  return [...new Set(codes)].sort()
}
