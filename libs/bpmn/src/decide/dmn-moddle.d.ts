declare module 'dmn-moddle' {
  /** Only what read-decisions.ts uses; elements are read through the narrow view of moddle-element.ts. */
  export class DmnModdle {
    constructor(packages?: object)
    fromXML(xml: string): Promise<{ rootElement: unknown; warnings: readonly { message: string }[] }>
  }
}
