declare module 'bpmn-moddle' {
  /** Only what parse.ts uses; elements are read through the narrow view of moddle-element.ts. */
  export class BpmnModdle {
    constructor(packages?: object)
    fromXML(xml: string): Promise<{
      rootElement: unknown
      elementsById: Record<string, unknown>
      warnings: readonly { message: string; element?: unknown; property?: string; value?: unknown; error?: Error }[]
    }>
  }
}
