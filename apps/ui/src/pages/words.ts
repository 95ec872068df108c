import type { CommandStatus, CommandSummary, ElementFlow, InstanceStatus } from '@tidemark/api'

/** Words and tones of states, the same on every page. */
export const instanceStatusTones: Record<InstanceStatus, 'active' | 'good' | 'quiet'> = {
  active: 'active',
  completed: 'good',
  terminated: 'quiet',
}

type Tone = 'active' | 'good' | 'quiet' | 'stuck' | 'late'
export const commandTones: Record<CommandStatus, Tone> = {
  noted: 'quiet',
  proposed: 'stuck',
  scheduled: 'active',
  sending: 'active',
  delivered: 'good',
  failed: 'late',
  dead: 'late',
  rejected: 'quiet',
  withdrawn: 'quiet',
  missed: 'quiet',
}

/** What became of a command, in a sentence. */
export const commandTexts: Record<CommandStatus, string> = {
  noted: 'The model only observes: nothing is sent.',
  proposed: 'Waits for a person to approve it.',
  scheduled: 'Leaves when the events around it have settled.',
  sending: 'On its way; it is sent again until the service has taken it.',
  delivered: 'The service has taken it.',
  failed: 'The last attempt failed; it is tried again.',
  dead: 'Given up after the last attempt. It can be sent again by hand.',
  rejected: 'A person decided against it.',
  withdrawn: 'Reality overtook it before it left.',
  missed: 'Its moment had passed, or the work was seen done.',
}

/** With its capital and its full stop, whoever wrote it. */
export function sentence(text: string): string {
  const plain = text.trim()
  return plain.charAt(0).toUpperCase() + plain.slice(1) + (/[.!?…]$/.test(plain) ? '' : '.')
}

export function canBeRetried({ status }: CommandSummary): boolean {
  return status === 'failed' || status === 'dead'
}

export function elementTitle({ name, element }: Pick<ElementFlow, 'name' | 'element'>): string {
  return name === '' ? element : name
}

const kindWords: Record<string, string> = {
  startEvent: 'Start',
  endEvent: 'End',
  intermediateCatchEvent: 'Event',
  intermediateThrowEvent: 'Event',
  boundaryEvent: 'Boundary event',
  subProcess: 'Sub-process',
  callActivity: 'Call activity',
  exclusiveGateway: 'Choice',
  parallelGateway: 'Parallel',
  eventBasedGateway: 'Event-based choice',
  sendTask: 'Send task',
  receiveTask: 'Receive task',
  userTask: 'User task',
  serviceTask: 'Service task',
  manualTask: 'Manual task',
  scriptTask: 'Script task',
  businessRuleTask: 'Rule task',
  task: 'Task',
}

/** A kind in words, whatever prefix or case it came in. */
export function kindText(kind: string): string {
  const plain = kind.replace(/^bpmn:/, '')
  const key = plain.charAt(0).toLowerCase() + plain.slice(1)
  return (
    kindWords[key]
    ?? plain
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .replace(/^./, (first) => first.toUpperCase())
  )
}
