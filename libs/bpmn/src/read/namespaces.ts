/** Namespaces that have a meaning to us. Prefixes are never compared: files may use any. */
export const namespaces = {
  bpmn: 'http://www.omg.org/spec/BPMN/20100524/MODEL',
  xsi: 'http://www.w3.org/2001/XMLSchema-instance',
  tidemark: 'urn:tidemark:bpmn:1',
  zeebe: 'http://camunda.org/schema/zeebe/1.0',
  camunda: 'http://camunda.org/schema/1.0/bpmn',
  activiti: 'http://activiti.org/bpmn',
} as const

/** Diagram interchange: what is lost there is lost for the eye only. */
export const diagramNamespaces: ReadonlySet<string> = new Set([
  'http://www.omg.org/spec/BPMN/20100524/DI',
  'http://www.omg.org/spec/DD/20100524/DI',
  'http://www.omg.org/spec/DD/20100524/DC',
])
