/** How an event can come to happen, as transitions that are to be completed by where its token comes from and goes to. */
import type { Element } from '../model.js'
import { firstPhase, type Draft } from './builder.js'

/** How an event comes to happen: we order it, its own event says so, we fire it, or, with none of these, unseen. */
export function happenings(element: Element): readonly Pick<Draft, 'kind' | 'phase'>[] {
  if (element.command === undefined) return catches(element, 'silent')
  return [...(element.bindings.length > 0 ? catches(element, 'silent') : []), { kind: 'command' }]
}

/** The same for what is only waited for. */
export function catches(element: Element, unseen: 'silent' | 'guess'): readonly Pick<Draft, 'kind' | 'phase'>[] {
  const bound = element.bindings.length > 0
  const timed = isOurTimer(element)
  return [
    ...(bound ? [{ kind: 'observe' as const, phase: firstPhase(element) }] : []),
    ...(timed ? [{ kind: 'timer' as const }] : []),
    ...(bound || (timed && element.trigger?.kind === 'timer') ? [] : [{ kind: unseen }]),
  ]
}

/** A timer that we fire ourselves: nothing else says that it was due, or it is one of several triggers. */
function isOurTimer({ trigger, bindings }: Element): boolean {
  return trigger?.kind === 'multiple' ? trigger.timer?.mode === 'self' : trigger?.kind === 'timer' && bindings.length === 0
}
