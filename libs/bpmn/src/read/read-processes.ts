import { bindProcess } from '../bind/bind.js'
import type { Mapping } from '../bind/mapping.js'
import { readAdmission } from '../decide/admission.js'
import type { Finding, ProcessModel } from '../model.js'
import { check } from './check.js'
import { decode } from './decode.js'
import { extract } from './extract.js'
import { finding } from './finding-codes.js'
import { defaultLimits } from './limits.js'
import type { ReadLimits } from './limits.js'
import { joinPools } from './message-flows.js'
import { namespaces } from './namespaces.js'
import { parse } from './parse.js'
import { repair } from './repair.js'
import { writeXml } from './write-xml.js'
import { readXml } from './xml-tree.js'

export interface ReadOptions {
  /** The side mapping; it wins over what the model says of itself. */
  readonly mapping?: Mapping
  /** A DMN file that says what becomes of events without an instance; the decision with a process's id is its own, a single one is that of all. */
  readonly decision?: string | Uint8Array
  readonly limits?: Partial<ReadLimits>
}

export interface ReadResult {
  /** One per pool or process with flow nodes; also where findings say that it cannot be tracked. */
  readonly processes: readonly ProcessModel[]
  readonly findings: readonly Finding[]
  /** Flow nodes of all processes. */
  readonly elementCount: number
  /** The file as text in UTF-8, with the repairs that the findings tell: what a viewer should show. */
  readonly xml: string
}

/**
 * Reads a BPMN 2.0 file of any tool: decode, check that it is well-formed XML, repair, parse, extract, bind to events, check. Never
 * throws on bad input: what is wrong stands in the findings, and a process can be followed if none of them is an error.
 */
export async function readProcesses(file: string | Uint8Array, options: ReadOptions = {}): Promise<ReadResult> {
  const limits = { ...defaultLimits, ...options.limits }
  if (file.length > limits.maxBytes) {
    const problem = finding('tooLarge', undefined, `The file is larger than ${limits.maxBytes} bytes: split it into several files.`)
    return refused('', [problem])
  }
  const decoded = decode(file)
  if ('finding' in decoded) return refused('', [decoded.finding])
  const wellFormed = readXml(decoded.text, limits)
  if ('finding' in wellFormed) return refused(decoded.text, [wellFormed.finding])
  const { root } = wellFormed
  if (root.uri !== namespaces.bpmn || root.local !== 'definitions') {
    const problem = finding('notBpmn', undefined, `The file starts with <${root.name}>, not with the definitions of BPMN 2.0.`)
    return refused(decoded.text, [problem])
  }

  const repairs = repair(root)
  const xml = repairs.length > 0 ? writeXml(root) : decoded.text
  const parsed = await parse(xml, root)
  const findings: Finding[] = [...repairs, ...parsed.findings]
  if (parsed.definitions === undefined) return refused(xml, findings)

  const extracted = extract(parsed.definitions)
  findings.push(...extracted.findings)
  const bound = bindProcess(extracted.drawings, root, options.mapping)
  const processes = joinPools(bound.processes, extracted.messageFlows)
  findings.push(...bound.findings, ...processes.flatMap((process) => check(process)))
  const admission = options.decision === undefined ? undefined : await readAdmission(options.decision, processes)
  if (admission !== undefined) findings.push(...admission.findings)
  return {
    processes: processes.map((process) => {
      const own = admission?.of.get(process.id)
      return own === undefined ? process : { ...process, admission: own }
    }),
    findings, xml,
    elementCount: processes.reduce((sum, process) => sum + process.elements.length, 0),
  }
}

function refused(xml: string, findings: readonly Finding[]): ReadResult {
  return { processes: [], findings, elementCount: 0, xml }
}
