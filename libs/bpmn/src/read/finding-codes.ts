import type { Finding, Severity } from '../model.js'

/** What a code means, for people: docs/ERRORS.md lists exactly these. */
export interface FindingMeaning {
  readonly severity: Severity
  readonly meaning: string
}

/** Every finding that reading a model or its mapping can give. Codes are stable: they are API. */
export const findingCodes = {
  badEncoding: { severity: 'error', meaning: 'The bytes do not fit the encoding that the file declares.' },
  notXml: { severity: 'error', meaning: 'The file is not well-formed XML.' },
  doctypeRefused: { severity: 'error', meaning: 'The file has a DOCTYPE, which BPMN does not need and which can be an attack.' },
  tooLarge: { severity: 'error', meaning: 'The file is larger than the limit.' },
  tooDeep: { severity: 'error', meaning: 'XML elements are nested deeper than the limit.' },
  tooManyElements: { severity: 'error', meaning: 'There are more BPMN elements than the limit.' },
  notBpmn: { severity: 'error', meaning: 'The file is XML, but no BPMN 2.0.' },
  noProcess: { severity: 'error', meaning: 'No process of the file has a flow node that could be followed.' },

  repairedId: { severity: 'info', meaning: 'An id was missing or illegal and was replaced, references included.' },
  repairedDuplicateId: { severity: 'info', meaning: 'An id was used twice; the second element got another one.' },
  repairedReference: { severity: 'info', meaning: 'A reference carried a namespace prefix that its target does not have.' },
  repairedType: { severity: 'info', meaning: 'The xsi:type of an expression had a foreign prefix.' },
  repairedSpacing: { severity: 'info', meaning: 'Attributes were written with spaces around the equals sign.' },

  unreadableElement: { severity: 'error', meaning: 'A BPMN element could not be read, so the process would lose meaning.' },
  lostElement: { severity: 'error', meaning: 'A BPMN element of the file is missing from what was read.' },
  unresolvedReference: { severity: 'error', meaning: 'A flow, boundary event or pool refers to something that is not in the file.' },
  unresolvedSideReference: { severity: 'info', meaning: 'A reference that following does not need leads nowhere.' },
  diagramProblem: { severity: 'info', meaning: 'A part of the drawing could not be read; the process itself is not affected.' },
  foreignContent: { severity: 'info', meaning: 'Something that is not BPMN stands outside extensionElements and was ignored.' },

  unsupportedElement: { severity: 'error', meaning: 'Tidemark cannot follow this kind of element.' },
  complexRule: { severity: 'info', meaning: 'The rule of a complex gateway is not evaluated; when it goes on is learned from the events that follow.' },
  opaqueCall: { severity: 'info', meaning: 'A call activity is followed as one task while the called process is not deployed too.' },
  severalPools: { severity: 'info', meaning: 'Several pools have a process; each is followed on its own.' },
  blackBoxPool: { severity: 'info', meaning: 'A pool without flow nodes is not followed.' },

  danglingFlow: { severity: 'error', meaning: 'A sequence flow has no source or no target.' },
  flowCrossesScope: { severity: 'error', meaning: 'A sequence flow crosses the border of a sub-process.' },
  danglingBoundary: { severity: 'error', meaning: 'A boundary event is attached to nothing.' },
  linkWithoutPartner: { severity: 'error', meaning: 'A throwing link event has no catching one of the same name.' },
  unreachable: { severity: 'warning', meaning: 'No token can ever reach an element.' },
  noEnd: { severity: 'warning', meaning: 'No path of the process ends, so its instances never complete.' },
  deadEnd: { severity: 'info', meaning: 'A path ends at an element that is no end event.' },
  misplacedEvent: { severity: 'warning', meaning: 'An event stands where nothing can come of it.' },
  joinFedByChoice: { severity: 'warning', meaning: 'A parallel join waits for branches of which a choice takes only one.' },

  nothingObserved: { severity: 'warning', meaning: 'No element is bound to an event, so nothing can be followed.' },
  ambiguousBinding: { severity: 'warning', meaning: 'One event may mean two elements that can be active together.' },
  itemsTogether: { severity: 'warning', meaning: 'Passes that may overlap are not told apart, so that what one lost another may seem to have done.' },
  itemKeyUnused: { severity: 'warning', meaning: 'An item key stands where items cannot be followed one by one.' },
  badBinding: { severity: 'error', meaning: 'An event binding is incomplete or contradicts itself.' },
  badExpression: { severity: 'error', meaning: 'An expression cannot be read or is not allowed.' },
  unknownCondition: { severity: 'info', meaning: 'A condition is not FEEL, so the branch is known only from the events that follow.' },
  badDuration: { severity: 'error', meaning: 'A duration, date or cycle is not ISO 8601.' },
  timerWithoutTime: { severity: 'warning', meaning: 'A timer event says no time, so it never fires by itself.' },
  timerBehindUnseen: { severity: 'info', meaning: 'A timer begins to run too early, because nothing says when the task before it is done.' },
  silentCycle: { severity: 'error', meaning: 'A repeating timer has a duration of zero.' },
  mustBeEager: { severity: 'error', meaning: 'An undecidable choice leads to a command, timer or SLA before anything observed.' },
  waitsForEvidence: { severity: 'warning', meaning: 'An undecidable choice leads to a timer or SLA before anything observed, in a model that sends nothing.' },
  commandWithoutType: { severity: 'error', meaning: 'An element is managed, but its command has no type.' },
  badSetting: { severity: 'error', meaning: 'A tracking setting of the model has a value that is not allowed.' },

  badMapping: { severity: 'error', meaning: 'The mapping is not YAML or JSON of the expected shape.' },
  unknownMappingKey: { severity: 'error', meaning: 'The mapping has a key that means nothing here.' },
  badDecision: { severity: 'error', meaning: 'The decision file is no DMN, or a decision in it contradicts itself.' },
  unsupportedDecision: { severity: 'error', meaning: 'A decision is made in a way that cannot be followed.' },
  emptyDecision: { severity: 'warning', meaning: 'A decision table has no rule.' },
  hiddenRule: { severity: 'warning', meaning: 'A rule of a decision table never decides, because another matches whatever it matches.' },
  decisionContract: { severity: 'error', meaning: 'The decision does not say ignore, incident or create.' },
  unknownDecisionInput: { severity: 'warning', meaning: 'A decision asks for something that is not known of an event.' },

  unknownMappingElement: { severity: 'error', meaning: 'The mapping names a process or an element that the model does not have.' },
} as const satisfies Record<string, FindingMeaning>

export type FindingCode = keyof typeof findingCodes

/** A finding with the severity that its code has. */
export function finding(code: FindingCode, elementId: string | undefined, message: string): Finding {
  const { severity } = findingCodes[code]
  return elementId === undefined ? { code, severity, message } : { code, severity, elementId, message }
}

/** Letters of a name that a message shows. */
const MAX_NAME = 100

/** How a message calls an element: its name and id, or its id alone. */
export function called(element: { readonly id: string; readonly name?: string }): string {
  const name = element.name && element.name.length > MAX_NAME ? `${element.name.slice(0, MAX_NAME)}...` : element.name
  return name ? `"${name}" (${element.id})` : element.id
}
