/**
 * A process as it was drawn, together with what we were told about its events: plain data, the outcome of reading (read/) and
 * binding (bind/), and the input of the net (net/) that instances are followed on. Serialisable as JSON.
 */
import type { DecisionModel } from './decide/decision.js'

/** Every flow node kind of BPMN 2.0 that carries tokens. A closed set: tables over it are proved complete by the compiler. */
export type ElementKind =
  | 'startEvent' | 'endEvent' | 'intermediateCatchEvent' | 'intermediateThrowEvent' | 'boundaryEvent'
  | 'task' | 'userTask' | 'serviceTask' | 'manualTask' | 'scriptTask' | 'businessRuleTask' | 'sendTask' | 'receiveTask'
  | 'callActivity' | 'subProcess' | 'transaction' | 'adHocSubProcess'
  | 'exclusiveGateway' | 'parallelGateway' | 'inclusiveGateway' | 'complexGateway' | 'eventBasedGateway'

export type TriggerKind =
  | 'none' | 'message' | 'timer' | 'signal' | 'error' | 'escalation' | 'conditional' | 'link' | 'terminate' | 'cancel' | 'compensation'
  | 'multiple' | 'parallelMultiple'

/** What an event waits for or throws. */
export interface Trigger {
  readonly kind: TriggerKind
  /** Message, signal or link name; error or escalation code (else its name). */
  readonly name?: string
  /** Of `multiple` and `parallelMultiple`: the one among them. */
  readonly timer?: TimerDefinition
  /** Of `parallelMultiple`: how many events it waits for, its timer not counted. */
  readonly parts?: number
  /** Condition of a conditional event: FEEL where it starts with `=`, else as written and not to be evaluated. */
  readonly condition?: string
  /** Of compensation that is thrown: the activity to undo; absent: all that was done in the scope. */
  readonly activity?: string
}

/** As written in the model: ISO 8601, or an expression that starts with `=` (FEEL over the instance's variables). */
export interface TimerDefinition {
  readonly kind: 'duration' | 'date' | 'cycle'
  readonly text: string
  /** `self`: Tidemark fires it. `watch`: another system acts, a bound event is expected by then. */
  readonly mode: 'self' | 'watch'
}

export type Phase = 'start' | 'end' | 'occur'

/** An event type that means something at an element. */
export interface Binding {
  /** CloudEvents `type`. Exact, or with a trailing `*` that stands for any rest. */
  readonly event: string
  /** CloudEvents `source`, exact; absent: any. */
  readonly source?: string
  readonly phase: Phase
  /** FEEL over the event only (`data`, `type`, `source`, `subject`, `time`): binds where true. */
  readonly filter?: string
  /** Key expression of this binding, in place of the process's. */
  readonly key?: KeyExpression
  /** Where it was found, for people: `mapping`, `tidemark`, `zeebe`, `camunda`, `name`. */
  readonly from: 'mapping' | 'tidemark' | 'zeebe' | 'camunda' | 'name'
}

/** What identifies an instance, read from an event. The first of a process is its primary key, the others are aliases. */
export interface KeyExpression {
  /** e.g. `orderId`. The default key is called `key`. */
  readonly name: string
  /** A path into the event such as `data.order.id` or `subject`, or FEEL starting with `=`. */
  readonly value: string
}

/** What Tidemark asks a service to do when a token reaches a managed element. */
export interface CommandDefinition {
  /** CloudEvents type of the command, e.g. `order.cancel`. */
  readonly type: string
  /** Name of the service that obeys, looked up in the settings for its address. */
  readonly target?: string
  /** Data of the command: FEEL starting with `=` over the instance's variables and `key`; absent: `{ key, <key name>: key }`. */
  readonly data?: string
}

export interface SlaDefinition {
  /** ISO 8601 duration. */
  readonly duration: string
  readonly severity: 'info' | 'warning' | 'critical'
  readonly name?: string
}

/** How often an activity happens, as far as the model says so; texts as written, FEEL where they start with `=` or are plain names and numbers. */
export interface LoopDefinition {
  readonly kind: 'standard' | 'parallel' | 'sequential'
  /** Number of instances. */
  readonly cardinality?: string
  /** A list, of which each item has an instance. */
  readonly collection?: string
  /** Of multi-instance: after an instance, nothing more follows where it is true. */
  readonly completion?: string
  /** Of standard loops: another one follows where it is true. */
  readonly condition?: string
  /** Of standard loops: it may happen not at all. */
  readonly testBefore?: true
  /** Of standard loops. */
  readonly maximum?: number
}

export interface Element {
  readonly id: string
  /** '' where the model gives none. */
  readonly name: string
  readonly kind: ElementKind
  /** Enclosing sub-process; absent at the top of the process. */
  readonly parent?: string
  /** Sequence flows, in document order. */
  readonly incoming: readonly string[]
  readonly outgoing: readonly string[]
  /** Of events. */
  readonly trigger?: Trigger
  /** Of boundary events: their host. */
  readonly attachedTo?: string
  /** Of boundary events and event sub-process starts: false where the host goes on. */
  readonly interrupting?: boolean
  /** Of sub-processes: started by an event instead of a flow. */
  readonly triggeredByEvent?: boolean
  readonly isForCompensation?: boolean
  /** Of ad-hoc sub-processes: one activity at a time; over where the condition (FEEL) is true. */
  readonly adHoc?: { readonly sequential?: true; readonly completion?: string }
  /** Of event-based gateways that begin a process: all of their events have to come. */
  readonly awaitsAll?: true
  /** Of compensation boundary events: the activity that undoes what the host has done. */
  readonly handler?: string
  /** Standard loop or multi-instance. */
  readonly loop?: LoopDefinition
  /** What names the item that an event inside is about, a path or FEEL as of a key: then items that overlap are followed one by one. */
  readonly itemKey?: string
  /** Set by net/item-scopes.ts, where this stands for all items in the net around them: what may be thrown out of one. */
  readonly itemThrows?: readonly Element[]
  /** Set by net/item-scopes.ts: what it throws is caught outside of the item by something that reports it. */
  readonly waitsToBeCaught?: true
  /** Of gateways and activities: the flow taken when no condition holds. */
  readonly defaultFlow?: string
  /** Of call activities: id of the called process. */
  readonly calledElement?: string
  readonly bindings: readonly Binding[]
  /** Set: Tidemark gives this order itself (according to the model's mode). */
  readonly command?: CommandDefinition
  /** ISO 8601: a token that waits here longer is stuck. */
  readonly stuckAfter?: string
  readonly sla?: SlaDefinition
  /** Of end events: an end that the process should not reach. */
  readonly unwanted?: boolean
  /** Lane, for people. */
  readonly lane?: string
}

export interface SequenceFlow {
  readonly id: string
  readonly name: string
  readonly source: string
  readonly target: string
  /** As written; `=`-prefixed or feel-typed conditions are FEEL, others cannot be evaluated. */
  readonly condition?: { readonly text: string; readonly feel: boolean }
}

/** `observe`: note what would be sent. `suggest`: a person approves. `manage`: sent by itself. */
export type CommandMode = 'observe' | 'suggest' | 'manage'

/** An event type, exact or with a trailing `*`, as of a {@link Binding}. */
export type UnexpectedEvent = Pick<Binding, 'event' | 'source' | 'filter' | 'key'>

/** A message between this process and another pool of its file, where both ends are seen by events of their own. */
export interface MessageFlow {
  readonly id: string
  /** '' where the model gives none. */
  readonly name: string
  /** `out`: this process sends it. `in`: it receives it. */
  readonly direction: 'in' | 'out'
  /** Of this process. */
  readonly element: string
  readonly other: { readonly process: string; readonly element: string; readonly name: string }
  /** The events that say that it was sent, and that it was received. */
  readonly sentBy: readonly Binding[]
  readonly receivedBy: readonly Binding[]
  /** How long it may be on its way: what its receiver may be waited for. */
  readonly stuckAfter?: string
  readonly sla?: SlaDefinition
}

/** One process of a BPMN file (a pool with flow nodes, or a process without a pool). */
export interface ProcessModel {
  readonly id: string
  readonly name: string
  readonly documentation?: string
  readonly elements: readonly Element[]
  readonly flows: readonly SequenceFlow[]
  /** The first is the primary key. Never empty: by default `{ name: 'key', value: '' }`, read from correlationid, partitionkey, subject. */
  readonly keys: readonly KeyExpression[]
  readonly mode: CommandMode
  /** ISO 8601 durations. */
  readonly tolerance: string
  readonly grace: string
  readonly maxGrace: string
  /** Default of every element that waits for an event. */
  readonly stuckAfter?: string
  /** Of the whole instance. */
  readonly sla?: SlaDefinition
  /** Instances that can end silently do so after this time of quiet; absent: 'PT0S', at once. */
  readonly completion?: string
  /** IANA zone of calendar arithmetic. */
  readonly zone: string
  /** Effects whose moment lies further back than this when their entry comes never leave. */
  readonly effectsMaxAge: string
  /** Events that belong to the process although no element is bound to them: a deviation wherever they come. */
  readonly unexpected: readonly UnexpectedEvent[]
  /** Messages that it exchanges with other pools; absent: none that is seen at both ends. */
  readonly messages?: readonly MessageFlow[]
  /** Deviations that are normal here: `kind` at `element` (absent: anywhere). */
  readonly accepted: readonly { readonly kind: string; readonly element?: string }[]
  /** Says what becomes of an event whose key has no instance and that begins none; absent: it begins one all the same. */
  readonly admission?: DecisionModel
}

export type Severity = 'error' | 'warning' | 'info'

/** A fault in a model, found at deployment. With an `error` it cannot be tracked. */
export interface Finding {
  /** Stable, listed in docs/ERRORS.md, e.g. `unsupportedElement`. */
  readonly code: string
  readonly severity: Severity
  readonly elementId?: string
  /** A plain sentence that says what is wrong and, where there is one, the mend. */
  readonly message: string
}
