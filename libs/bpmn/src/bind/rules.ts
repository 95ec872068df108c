import type { CommandDefinition, CommandMode, KeyExpression, Phase, SlaDefinition, TimerDefinition, UnexpectedEvent } from '../model.js'

/** A binding as a model or mapping states it; what is absent takes the default of the element. */
export interface ObserveRule {
  readonly event: string
  readonly source?: string
  readonly phase?: Phase
  readonly filter?: string
  readonly key?: KeyExpression
}

/** What is said of one element. An absent field says nothing, so a weaker source may. */
export interface ElementRules {
  /** Empty: the element is not to be observed at all. */
  readonly observe?: readonly ObserveRule[]
  readonly command?: Partial<CommandDefinition>
  readonly managed?: boolean
  readonly sla?: SlaDefinition
  readonly stuckAfter?: string
  readonly unwanted?: boolean
  readonly timer?: TimerDefinition['mode']
  readonly itemKey?: string
}

/** What is said of a process. Durations are ISO 8601. */
export interface ProcessRules {
  readonly keys?: readonly KeyExpression[]
  readonly mode?: CommandMode
  readonly tolerance?: string
  readonly grace?: string
  readonly maxGrace?: string
  readonly stuckAfter?: string
  readonly completion?: string
  readonly zone?: string
  readonly effectsMaxAge?: string
  readonly sla?: SlaDefinition
  readonly unexpected?: readonly UnexpectedEvent[]
  readonly accepted?: readonly { readonly kind: string; readonly element?: string }[]
}

/** A key path or FEEL that has no name of its own is called by its last step. */
export function keyNamed(value: string, name?: string): KeyExpression {
  const last = /([\w-]+)\s*$/.exec(value)?.[1]
  return { name: name || last || 'key', value: value.trim() }
}
