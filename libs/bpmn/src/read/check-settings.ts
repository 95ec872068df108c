import { compileExpression } from '../bind/expression.js'
import { parsePath } from '../bind/path.js'
import type { Element, Finding, KeyExpression, ProcessModel, TimerDefinition, UnexpectedEvent } from '../model.js'
import { isSilentCycle, parseCycle } from '../time/cycle.js'
import { isZone, parseDuration } from '../time/duration.js'
import { parseDate } from '../time/moment.js'
import { called, finding } from './finding-codes.js'

/** Every text of a model that is read again when instances move: durations, dates, keys, filters, commands. */
export function checkSettings(process: ProcessModel): Finding[] {
  const of = `the process ${called(process)}`
  return [
    ...duration(`tolerance of ${of}`, process.tolerance), ...duration(`grace of ${of}`, process.grace),
    ...duration(`maxGrace of ${of}`, process.maxGrace), ...duration(`stuckAfter of ${of}`, process.stuckAfter),
    ...duration(`completion of ${of}`, process.completion), ...duration(`effectsMaxAge of ${of}`, process.effectsMaxAge),
    ...duration(`SLA of ${of}`, process.sla?.duration),
    ...(isZone(process.zone) ? [] : [finding('badSetting', undefined,
      `The zone "${process.zone}" of ${of} is unknown: use one such as Europe/Berlin.`)]),
    ...keys(process), ...accepted(process),
    ...process.unexpected.flatMap((unexpected) => eventRule(unexpected, `among the unexpected events of ${called(process)}`)),
    ...process.elements.flatMap((element) => elementSettings(element, process.zone)),
  ]
}

function elementSettings(element: Element, zone: string): Finding[] {
  const data = element.command?.data
  return [
    ...duration(`stuckAfter of ${called(element)}`, element.stuckAfter, element.id),
    ...duration(`SLA of ${called(element)}`, element.sla?.duration, element.id),
    ...timer(element, zone),
    ...(element.itemKey === undefined ? [] : key(`item key of ${called(element)}`, { name: 'item', value: element.itemKey }, element.id)),
    ...element.bindings.flatMap((binding) => eventRule(binding, `at ${called(element)}`, element.id)),
    ...(data?.startsWith('=') ? expression(`command data of ${called(element)}`, data, element.id) : []),
  ]
}

function eventRule(rule: UnexpectedEvent, where: string, elementId?: string): Finding[] {
  return [
    ...expression(`filter for ${rule.event} ${where}`, rule.filter, elementId),
    ...(rule.key === undefined ? [] : key(`key for ${rule.event} ${where}`, rule.key, elementId)),
  ]
}

function timer(element: Element, zone: string): Finding[] {
  const definition = element.trigger?.timer
  if (definition === undefined) {
    return element.trigger?.kind !== 'timer' || element.kind === 'startEvent' || element.bindings.length > 0 ? [] : [finding('timerWithoutTime', element.id,
      `The timer ${called(element)} says no time and never fires by itself: give it a duration, or bind it to an event.`)]
  }
  if (definition.text.startsWith('=')) return expression(`time of ${called(element)}`, definition.text, element.id)
  const problem = timerProblem(definition, zone)
  if (problem !== undefined) return [finding('badDuration', element.id, `The time of ${called(element)} cannot be used: ${problem}.`)]
  const cycle = definition.kind === 'cycle' ? parseCycle(definition.text, zone) : undefined
  return cycle?.ok && isSilentCycle(cycle.value)
    ? [finding('silentCycle', element.id, `The timer ${called(element)} repeats without a pause: give its cycle a duration.`)]
    : []
}

function timerProblem({ kind, text }: TimerDefinition, zone: string): string | undefined {
  const parsed = kind === 'duration' ? parseDuration(text) : kind === 'date' ? parseDate(text, zone) : parseCycle(text, zone)
  return parsed.ok ? undefined : parsed.error
}

function duration(what: string, text: string | undefined, elementId?: string): Finding[] {
  if (text === undefined) return []
  const parsed = parseDuration(text)
  return parsed.ok ? [] : [finding('badDuration', elementId, `The ${what} cannot be used: ${parsed.error}.`)]
}

function expression(what: string, text: string | undefined, elementId?: string): Finding[] {
  const error = text === undefined ? undefined : compileExpression(text).error
  return error === undefined ? [] : [finding('badExpression', elementId, `The ${what} cannot be used: ${error}.`)]
}

function key(what: string, { value }: KeyExpression, elementId?: string): Finding[] {
  return value === '' || parsePath(value.replace(/^=\s*/, '')) !== undefined ? [] : expression(what, value, elementId)
}

function keys(process: ProcessModel): Finding[] {
  const names = process.keys.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return [
    ...process.keys.flatMap((candidate) => key(`key ${candidate.name} of ${called(process)}`, candidate)),
    ...(twice === undefined ? [] : [finding('badSetting', undefined,
      `Two keys of ${called(process)} are called ${twice}: name them differently.`)]),
  ]
}

function accepted(process: ProcessModel): Finding[] {
  const ids = new Set(process.elements.map(({ id }) => id))
  return process.accepted.filter(({ kind, element }) => kind === '' || (element !== undefined && !ids.has(element)))
    .map(({ kind, element }) => finding('badSetting', undefined,
      `An accepted deviation of ${called(process)} says ${kind || 'no kind'} at ${element ?? 'any element'}: `
      + 'give a kind and the id of an element.'))
}
