/**
 * From a process to its net. Gateways and unbound activities become silent transitions, bound elements observations, boundary events
 * transitions that compete for their host's token. Sub-processes are inlined: their tokens lie in inner places that are emptied when the
 * sub-process is interrupted and must be empty before it is done. What each kind of element contributes stands in elements/.
 */
import type { ProcessModel } from '../model.js'
import { NetBuilder } from './builder.js'
import { beginScope } from './elements/start-event.js'
import { rememberWhatCanBeUndone } from './elements/compensation.js'
import { openPlace, openPlaces, opensScope, processIsScope } from './elements/scope.js'
import { elementRules } from './elements/table.js'
import type { Net } from './net.js'

export function compileNet(process: ProcessModel): Net {
  const net = new NetBuilder(process, elementRules)
  const source = net.place('source', '', 0)
  for (const element of process.elements) if (opensScope(element)) net.scopeInside(element.id)
  rememberWhatCanBeUndone(net)
  const isScope = processIsScope(net)
  beginScope(net, 0, source, undefined, isScope ? [openPlace(net, undefined)] : [])
  for (const element of process.elements) elementRules[element.kind].compile(net, element)
  if (isScope) {
    const over = { kind: 'silent', element: '', outputs: [], flows: [], whenEmpty: 0, clears: net.everythingInside(0) } as const
    for (const place of openPlaces(net, undefined)) net.add({ ...over, inputs: [place] })
  }
  return net.build(source)
}
