import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repoRoot } from './support/requires.js'

const pages = [...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map((name) => join(repoRoot, name)), ...markdownBelow(join(repoRoot, 'docs'))]
const read = (path: string): string => readFileSync(join(repoRoot, path), 'utf8')

describe('the papers', () => {
  test('link to what is there', () => {
    const broken = pages.flatMap((page) =>
      linksIn(readFileSync(page, 'utf8')).filter((link) => !existsSync(resolve(dirname(page), link))).map((link) => `${relative(repoRoot, page)} -> ${link}`),
    )
    expect(broken).toEqual([])
  })

  test('tell of every setting that there is', () => {
    const listed = [...read('.env.example').matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1])
    const told = [...read('README.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1])
    expect(told.toSorted()).toEqual(listed.toSorted())
  })

  test('tell of every command that there is', () => {
    const names = [...read('apps/tracker/src/cli/index.ts').matchAll(/^ {2}(\w+): \{ summary:/gm)].map((match) => match[1])
    const told = [...(/## Command line([^]*?)\n## /.exec(read('README.md'))?.[1] ?? '').matchAll(/^\| `(\w+)/gm)].map((match) => match[1])
    expect(names.length).toBeGreaterThan(5)
    expect(told.toSorted()).toEqual(names.toSorted())
  })
})

function markdownBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => join(folder, name))
}

/** Of this repository: no addresses, no anchors. */
function linksIn(markdown: string): string[] {
  const links = [...markdown.replace(/```[^]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]?.split('#')[0] ?? '')
  return links.filter((link) => link !== '' && !/^[a-z]+:/.test(link))
}
