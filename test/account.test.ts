/** Nothing that carries tokens is lost without a word: each such element of a file is in what was read, or in a finding. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readProcesses } from '@tidemark/bpmn'
import { describe, expect, test } from 'vitest'
import { defaultLimits } from '../libs/bpmn/src/read/limits.js'
import { namespaces } from '../libs/bpmn/src/read/namespaces.js'
import { isElementKind } from '../libs/bpmn/src/read/supported.js'
import { attribute, descend, readXml, type XmlNode } from '../libs/bpmn/src/read/xml-tree.js'
import { dataDir, skipUnless } from './support/requires.js'

const data = dataDir() ?? ''
const skip = skipUnless(data !== '', 'the models in ../shared/data')
const files = skip ? [] : readdirSync(join(data, 'bpmn'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.bpmn')).sort()


describe.skipIf(skip)('every element that carries tokens is accounted for', () => {
  test.each(files)('%s', async (path) => {
    const { processes, findings, xml } = await readProcesses(readFileSync(join(data, 'bpmn', path)))
    const read = readXml(xml, defaultLimits)
    if ('finding' in read) {
      expect(findings.map(({ code }) => code)).toContain(read.finding.code)
      return
    }
    const followed = new Set(processes.flatMap((process) => [...process.elements.map(({ id }) => id), ...process.flows.map(({ id }) => id)]))
    const named = new Set(findings.map(({ elementId }) => elementId))
    const lost = [...descend(read.root)].filter((node) => carriesTokens(node) && !followed.has(idOf(node)) && !named.has(idOf(node)))
    expect(lost.map((node) => `${node.local} ${idOf(node)}`)).toEqual([])
    // An element that is followed and refused is one or the other: what is refused stops its file.
    expect(findings.filter(({ code }) => code === 'unsupportedElement').every(({ severity }) => severity === 'error')).toBe(true)
  })
})

/** Messages move none: they are shown where both ends are seen, and say nothing otherwise. */
function carriesTokens(node: XmlNode): boolean {
  return node.uri === namespaces.bpmn && (isElementKind(node.local) || node.local === 'sequenceFlow')
}

function idOf(node: XmlNode): string {
  return attribute(node, 'id') ?? ''
}
