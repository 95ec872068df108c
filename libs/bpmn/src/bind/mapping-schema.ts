/** What narrows an event rule, whatever the rule is for. */
const EVENT_CONDITIONS = {
  source: { type: 'string' },
  filter: { type: 'string', description: 'FEEL over the event (data, type, source, subject, time).' },
  key: { '$ref': '#/$defs/key', description: 'Read in place of the process\'s key.' },
} as const

/**
 * The shape of a mapping file as JSON Schema, for editors that complete and check it. mapping-shape.ts reads the same, and a test keeps the two equal.
 * A change that refuses what was taken before gets another $id.
 */
export const mappingSchema: Readonly<Record<string, unknown>> = {
  '$schema': 'https://json-schema.org/draft/2020-12/schema',
  '$id': 'urn:tidemark:mapping:1',
  title: 'Tidemark mapping',
  description: 'What the events of a BPMN process are, for models that cannot or should not be edited. It wins over what the model says of itself.',
  type: 'object',
  additionalProperties: false,
  properties: {
    '$schema': { type: 'string' },
    process: { type: 'string', description: 'Id of the process meant; needed only where the file has several.' },
    key: {
      description: 'What identifies an instance; of several the first is the primary key, the others are aliases. Default: correlationid, partitionkey or subject.',
      anyOf: [{ '$ref': '#/$defs/key' }, { type: 'array', items: { '$ref': '#/$defs/key' } }],
    },
    mode: { enum: ['observe', 'suggest', 'manage'], description: 'Commands are noted, approved by a person, or sent by themselves.' },
    tolerance: { '$ref': '#/$defs/duration', description: 'Events this close together may come in either order.' },
    grace: { '$ref': '#/$defs/duration', description: 'How long late events are waited for before something is said or sent.' },
    maxGrace: { '$ref': '#/$defs/duration', description: 'Upper bound of grace while events keep coming.' },
    stuckAfter: { '$ref': '#/$defs/duration', description: 'A token that waits longer is stuck; default of all elements.' },
    completion: { '$ref': '#/$defs/duration', description: 'Quiet time after which an instance that can end silently has ended.' },
    zone: { type: 'string', description: 'Time zone of calendar arithmetic, such as Europe/Berlin.' },
    effectsMaxAge: { '$ref': '#/$defs/duration', description: 'Older effects never leave, for instance after an import.' },
    sla: { '$ref': '#/$defs/sla', description: 'Of the whole instance.' },
    unexpected: {
      description: 'Events that belong to the process although no element is bound to them: a deviation wherever they come.',
      anyOf: [{ '$ref': '#/$defs/unexpected' }, { type: 'array', items: { '$ref': '#/$defs/unexpected' } }],
    },
    accepted: { type: 'array', items: { '$ref': '#/$defs/accepted' }, description: 'Deviations that are normal here.' },
    elements: {
      type: 'object',
      description: 'By element id, or by name: then all elements of that name.',
      additionalProperties: { anyOf: [{ type: 'string', description: 'Event type.' }, { '$ref': '#/$defs/element' }] },
    },
  },
  '$defs': {
    duration: { type: 'string', pattern: '^P', examples: ['PT30S', 'P14D'], description: 'ISO 8601 duration.' },
    element: {
      type: 'object',
      additionalProperties: false,
      properties: {
        observe: {
          description: 'Events that mean this element; an empty list: it is not observed at all.',
          anyOf: [{ '$ref': '#/$defs/observe' }, { type: 'array', items: { '$ref': '#/$defs/observe' } }],
        },
        command: { '$ref': '#/$defs/command', description: 'What Tidemark asks a service to do when a token comes here.' },
        managed: { type: 'boolean', description: 'false: a command of the model is not used.' },
        sla: { '$ref': '#/$defs/sla' },
        stuckAfter: { '$ref': '#/$defs/duration' },
        unwanted: { type: 'boolean', description: 'An end that the process should not reach.' },
        timer: { enum: ['self', 'watch'], description: 'Tidemark fires the timer, or another system acts.' },
        item: {
          type: 'string',
          description: 'Of what may run several times side by side: where an event inside names its item, a path such as data.parcelId, or FEEL starting with =.',
        },
      },
    },
    observe: {
      anyOf: [
        { type: 'string', description: 'Event type, exact or with a trailing *.' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['event'],
          properties: {
            event: { type: 'string', description: 'Event type, exact or with a trailing *.' },
            phase: { enum: ['start', 'end', 'occur'], description: 'Default: end of an activity, occurrence of an event.' },
            ...EVENT_CONDITIONS,
          },
        },
      ],
    },
    command: {
      anyOf: [
        { type: 'string', description: 'Event type of the command.' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['type'],
          properties: {
            type: { type: 'string' },
            target: { type: 'string', description: 'Name of the service, whose address the settings know.' },
            data: { type: 'string', description: 'FEEL starting with =, over the instance\'s variables and key.' },
          },
        },
      ],
    },
    sla: {
      anyOf: [
        { type: 'string', description: 'ISO 8601 duration, severity warning.' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['duration'],
          properties: {
            duration: { '$ref': '#/$defs/duration' },
            severity: { enum: ['info', 'warning', 'critical'] },
            name: { type: 'string' },
          },
        },
      ],
    },
    key: {
      anyOf: [
        { type: 'string', description: 'Path such as data.orderId or subject, or FEEL starting with =.' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['value'],
          properties: { name: { type: 'string' }, value: { type: 'string' } },
        },
      ],
    },
    unexpected: {
      anyOf: [
        { type: 'string', description: 'Event type, exact or with a trailing *.' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['event'],
          properties: {
            event: { type: 'string', description: 'Event type, exact or with a trailing *; * alone: all that no element is bound to.' },
            ...EVENT_CONDITIONS,
          },
        },
      ],
    },
    accepted: {
      anyOf: [
        { type: 'string', description: 'Kind of deviation.' },
        {
          type: 'object',
          additionalProperties: false,
          required: ['kind'],
          properties: { kind: { type: 'string' }, element: { type: 'string', description: 'Element id; absent: anywhere.' } },
        },
      ],
    },
  },
}
