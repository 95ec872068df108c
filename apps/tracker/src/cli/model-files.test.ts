import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { modelFiles } from './model-files.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-models-'))
  await mkdir(join(folder, 'deep/er'), { recursive: true })
  await mkdir(join(folder, 'node_modules'))
  for (const name of ['b.bpmn', 'a.bpmn', 'notes.txt', 'deep/c.bpmn20.xml', 'deep/er/d.bpmn', 'node_modules/e.bpmn']) await writeFile(join(folder, name), '')
})
afterAll(async () => { await rm(folder, { recursive: true }) })

async function found(...args: string[]): Promise<string[]> {
  const paths: string[] = []
  for await (const path of modelFiles(args.map((arg) => join(folder, arg)))) paths.push(relative(folder, path))
  return paths
}

test('a folder means the models below it, in order, without what was installed there', async () => {
  expect(await found('.')).toEqual(['a.bpmn', 'b.bpmn', 'deep/c.bpmn20.xml', 'deep/er/d.bpmn'])
})

test('a file means itself, whatever its name', async () => {
  expect(await found('notes.txt', 'b.bpmn')).toEqual(['notes.txt', 'b.bpmn'])
})

test('a pattern is understood where the shell leaves it to us', async () => {
  expect(await found('*.bpmn')).toEqual(['a.bpmn', 'b.bpmn'])
  expect(await found('**/*.bpmn')).toEqual(['a.bpmn', 'b.bpmn', 'deep/er/d.bpmn', 'node_modules/e.bpmn'].filter((path) => !path.startsWith('node_modules')))
  expect(await found('{a,x}.bpm?')).toEqual(['a.bpmn'])
})

test('what is not there is said so', async () => {
  await expect(found('none.bpmn')).rejects.toThrow(/there is no file or folder/)
  await expect(found('*.none')).rejects.toThrow(/no BPMN file was found/)
})
