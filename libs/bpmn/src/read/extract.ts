import type { Finding } from '../model.js'
import type { Drawing } from './drawing.js'
import { extractProcess } from './extract-process.js'
import { called, finding } from './finding-codes.js'
import { messageFlowsOf, type DrawnMessageFlow } from './message-flows.js'
import { localType, many, nameOf, one } from './moddle-element.js'
import type { ModdleElement } from './moddle-element.js'

/** The processes of a file that have something to follow: one per pool, and those that are in no pool. */
export function extract(definitions: ModdleElement): { drawings: Drawing[]; messageFlows: DrawnMessageFlow[]; findings: Finding[] } {
  const findings: Finding[] = []
  const roots = many(definitions, 'rootElements')
  const pools = roots.filter((root) => localType(root) === 'collaboration').flatMap((root) => many(root, 'participants'))
  const drawings: Drawing[] = []

  for (const process of roots.filter((root) => localType(root) === 'process')) {
    const pool = pools.find((candidate) => one(candidate, 'processRef') === process)
    const name = nameOf(process) || nameOf(pool)
    const { drawing, findings: problems } = extractProcess(process, name)
    if (drawing.elements.length > 0) {
      drawings.push(drawing)
      findings.push(...problems)
    } else if (pool !== undefined) {
      findings.push(blackBox(pool))
    }
  }
  for (const pool of pools) if (one(pool, 'processRef') === undefined) findings.push(blackBox(pool))
  if (drawings.length === 0) {
    findings.push(finding('noProcess', undefined, 'The file has no process with elements that could be followed: draw at least one task.'))
  }
  if (drawings.length > 1) {
    const names = drawings.map((drawing) => called(drawing)).join(', ')
    findings.push(finding('severalPools', undefined, `The file has ${drawings.length} processes; each is followed on its own, joined by the messages that are seen at both ends: ${names}.`))
  }
  return { drawings, messageFlows: messageFlowsOf(roots), findings }
}

function blackBox(pool: ModdleElement): Finding {
  const name = called({ id: pool.id ?? '', name: nameOf(pool) })
  return finding('blackBoxPool', pool.id, `The pool ${name} has no flow nodes and is not followed.`)
}
