import type { Finding, ProcessModel } from '../model.js'
import { checkBindings } from './check-bindings.js'
import { checkChoices } from './check-choices.js'
import { checkItems } from './check-items.js'
import { checkScopes } from './check-scopes.js'
import { checkSettings } from './check-settings.js'
import { checkStructure } from './check-structure.js'
import { checkSupport } from './check-support.js'
import { checkTimers } from './check-timers.js'
import { Graph } from './graph.js'

/** Our own rules over a bound process: each asks something that would otherwise show only when instances go wrong. */
export function check(process: ProcessModel): Finding[] {
  const graph = new Graph(process)
  return [
    ...checkSupport(graph), ...checkStructure(graph), ...checkScopes(graph), ...checkBindings(graph), ...checkItems(graph), ...checkChoices(graph), ...checkTimers(graph),
    ...checkSettings(process),
  ]
}
