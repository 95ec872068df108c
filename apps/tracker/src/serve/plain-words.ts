import type { DeviationKind } from '@tidemark/api'
import type { InstanceEventRow } from '../store/read/instance-parts.js'

type DeviationName = (typeof DeviationKind.options)[number]

/** A deviation in a sentence that an analyst understands; `step` is the quoted name of the element. */
const deviationText: Readonly<Record<DeviationName, (step: string) => string>> = {
  skipped: (step) => `${step} was passed without its event: it was left out, or its event never arrived.`,
  outOfOrder: (step) => `${step} happened later than the model has it.`,
  unexpected: (step) => `${step} happened where the model does not allow it.`,
  repeated: (step) => `${step} happened again although the model has it once.`,
  rework: (step) => `Steps up to ${step} were done a second time.`,
  raceLost: (step) => `${step} happened after another event had already decided the wait.`,
  afterCancel: (step) => `${step} happened after its part of the process had been cancelled.`,
  afterEnd: (step) => `${step} happened after the process had ended.`,
  missingStart: (step) => `The process was first seen at ${step}: the event that starts it is missing.`,
  decisionMismatch: (step) => `The branch to ${step} was taken although its condition says otherwise.`,
  timerOverruled: (step) => `${step} happened although its timer had already run out.`,
  wrongOutcome: (step) => `The process ended at ${step}, an end that the model marks as unwanted.`,
}

export function describeDeviation(kind: string, name: string, count: number): string {
  const describe = deviationText[kind as DeviationName] ?? ((step: string) => `${kind} at ${step}.`)
  const text = describe(`“${name}”`)
  return count > 1 ? `${text} (${count} times)` : text
}

const phaseText = { start: 'began', end: 'was finished', occur: 'happened' } as const

/** How an entry was read, in a sentence. */
export function describeEntry(row: Pick<InstanceEventRow, 'kind' | 'type' | 'phase' | 'reading' | 'patch'>, elementName: string | undefined): string {
  if (row.kind === 'left') return elementName === undefined ? `Tidemark sent ${row.type}.` : `Tidemark sent ${row.type} at “${elementName}”.`
  if (row.kind === 'settled') return `The service took ${row.type}.`
  if (row.kind === 'operation') return describeOperation(row, elementName)
  if (elementName === undefined) {
    return row.reading === 'deviates' ? 'Fits nowhere in the model at this point.' : 'Noted: it moves nothing in this run.'
  }
  const what = `“${elementName}” ${phaseText[row.phase ?? 'occur']}`
  if (row.reading === 'redeemed') return `${what}; it came later than steps that follow it, and fills the gap that was seen there.`
  if (row.reading === 'deviates') return `${what}, off the modelled path.`
  if (row.reading === 'noted') return `${what}; noted, nothing moved.`
  return `${what}, as the model has it.`
}

/** What a person did, from the patch that the entry is stored with. */
function describeOperation({ type, patch, reading }: Pick<InstanceEventRow, 'type' | 'patch' | 'reading'>, elementName: string | undefined): string {
  const { by, note, element, patch: said } = (patch ?? {}) as { by?: string; note?: string; element?: string; patch?: { kind?: string; elements?: string[]; item?: string; source?: string; id?: string } }
  const who = by ?? 'Somebody'
  const at = elementName ?? element
  const why = note === undefined || note === '' ? '' : `: ${note}`
  const of = said?.item === undefined ? '' : ` of ${said.item}`
  const where = at === undefined ? '' : ` at “${at}”`
  const nothing = reading === 'noted' ? ' Without effect: the instance does not stand where that would say anything.' : ''
  switch (type) {
    case 'acceptDeviation': return `${who} said that ${said?.kind ?? 'the deviation'}${where} is normal here${why}.`
    case 'setAside': return `${who} set aside what ${said?.source ?? 'somebody'} said (${said?.id ?? 'an event'})${why}.`
    case 'assertStep': return `${who} said that “${at ?? 'a step'}”${of} was done${why}.${nothing}`
    case 'moveTokens': return `${who} moved the tokens${of} to ${(said?.elements ?? []).join(', ')}${why}.${nothing}`
    case 'endInstance': return `${who} ended the instance${why}.${nothing}`
    default: return 'A person stepped in.'
  }
}
