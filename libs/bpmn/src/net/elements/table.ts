import type { ElementRules } from '../builder.js'
import { activity } from './activity.js'
import { callActivity } from './call-activity.js'
import { adHocSubProcess } from './ad-hoc-sub-process.js'
import { boundaryEvent } from './boundary-event.js'
import { complexGateway } from './complex-gateway.js'
import { endEvent } from './end-event.js'
import { eventBasedGateway } from './event-based-gateway.js'
import { exclusiveGateway } from './exclusive-gateway.js'
import { inclusiveGateway } from './inclusive-gateway.js'
import { intermediateEvent } from './intermediate-event.js'
import { parallelGateway } from './parallel-gateway.js'
import { repeatable } from './repetition.js'
import { startEvent } from './start-event.js'
import { subProcess } from './sub-process.js'

const task = repeatable(activity)
const scope = repeatable(subProcess)

/** What every kind of element is in a net; a kind that the model gains does not compile until it stands here. */
export const elementRules: ElementRules = {
  startEvent,
  endEvent,
  boundaryEvent,
  intermediateCatchEvent: intermediateEvent,
  intermediateThrowEvent: intermediateEvent,
  task,
  userTask: task,
  serviceTask: task,
  manualTask: task,
  scriptTask: task,
  businessRuleTask: task,
  sendTask: task,
  receiveTask: task,
  callActivity: repeatable(callActivity),
  subProcess: scope,
  transaction: scope,
  adHocSubProcess: repeatable(adHocSubProcess),
  exclusiveGateway,
  inclusiveGateway,
  complexGateway,
  parallelGateway,
  eventBasedGateway,
}
