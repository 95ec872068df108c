import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { repoRoot, dataDir, skipUnless } from '../support/requires.js'
import { tidemark } from './run-command.js'

interface Checked { file: string; elements: number; findings: { code: string; severity: string; message: string }[] }

let folder = ''
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'tidemark-check-')) })
afterAll(async () => { await rm(folder, { recursive: true }) })

async function check(...args: string[]): Promise<{ code: number; files: Checked[] }> {
  const ran = await tidemark('check', ...args, '--output', 'json')
  return { code: ran.code, files: JSON.parse(ran.stdout) as Checked[] }
}

describe('check', () => {
  test('finds nothing to stop the model of the example', async () => {
    const { code, files } = await check(join(repoRoot, 'examples/order-fulfilment/order-fulfilment.bpmn'))
    expect(files).toHaveLength(1)
    expect(files[0]?.elements).toBeGreaterThan(10)
    expect(files[0]?.findings.filter((finding) => finding.severity !== 'info')).toEqual([])
    expect(code).toBe(0)
  })

  test('never fails on a file, whatever is in it: what is wrong is a finding', async () => {
    const hostile = {
      'empty.bpmn': '', 'text.bpmn': 'hello', 'broken.bpmn': '<definitions><process>', 'zeros.bpmn': '\0'.repeat(5000),
      'other.bpmn': '<html/>', 'deep.bpmn': '<a>'.repeat(5000) + '</a>'.repeat(5000),
      'entities.bpmn': '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'noprocess.bpmn': '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
    }
    for (const [name, content] of Object.entries(hostile)) await writeFile(join(folder, name), content)
    const { code, files } = await check(folder)
    expect(files.map((file) => file.file)).toHaveLength(Object.keys(hostile).length)
    for (const file of files) {
      expect(file.findings.some((finding) => finding.severity === 'error'), file.file).toBe(true)
      expect(file.findings.map((finding) => finding.code), file.file).not.toContain('checkFailed')
    }
    expect(code).toBe(1)
  })

  test('says per file what it found, for people', async () => {
    const ran = await tidemark('check', join(folder, 'text.bpmn'))
    expect(ran.stdout).toMatch(/text\.bpmn.*\(0 elements\)\n {2}error/)
    expect(ran.stderr).toMatch(/1 files, 1 errors, 0 warnings/)
  })

  test('takes the mapping and the decision that the model is to be deployed with', async () => {
    const model = join(folder, 'order.bpmn')
    await writeFile(model, `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"><process id="order"><startEvent id="s"/><task id="a"/><endEvent id="e"/>
      <sequenceFlow id="f" sourceRef="s" targetRef="a"/><sequenceFlow id="g" sourceRef="a" targetRef="e"/></process></definitions>`)
    const [mapping, decision] = [join(folder, 'order.yaml'), join(folder, 'order.dmn')]
    const codes = async (...args: string[]) => (await check(model, ...args)).files[0]?.findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code)
    await writeFile(mapping, 'elements:\n  b:\n    observe: { event: order.packed }\n')
    await writeFile(decision, '<definitions/>')
    expect(await codes()).toEqual([])
    expect(await codes('--mapping', mapping)).toEqual(['unknownMappingElement'])
    expect(await codes('--decision', decision)).toContain('badDecision')
    await writeFile(mapping, 'nonsense: [')
    expect(await codes('--mapping', mapping)).toContain('badMapping')
    expect((await tidemark('check', model, '--decision', join(folder, 'none.dmn'))).code).toBe(2)
  })

  test('is wrong use where there is nothing to check', async () => {
    expect((await tidemark('check', join(folder, 'none.bpmn'))).code).toBe(2)
  })
})

const data = dataDir()

describe.skipIf(skipUnless(data !== undefined, 'the folder of real models'))('check over every model that was collected', () => {
  test('has something to say of each, and does not fail on any', async () => {
    const { files } = await check(data ?? '')
    expect(files.length).toBeGreaterThan(150)
    expect(files.filter((file) => file.findings.some((finding) => finding.code === 'checkFailed')).map((file) => file.file)).toEqual([])
    expect(files.filter((file) => file.elements === 0 && file.findings.length === 0).map((file) => file.file)).toEqual([])
  }, 60_000)
})
