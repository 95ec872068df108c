/** What model-file.test.ts needs of a package that comes without types for its door. */
declare module 'bpmn-moddle' {
  export interface ModdleElement {
    readonly $type: string
    readonly id?: string
    readonly [property: string]: unknown
  }
  export class BpmnModdle {
    fromXML(xml: string): Promise<{
      readonly rootElement: ModdleElement
      readonly elementsById: Readonly<Record<string, ModdleElement>>
      readonly warnings: readonly unknown[]
    }>
  }
}
