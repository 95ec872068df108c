/** A parsed BPMN element, as far as we look at it: properties by their BPMN names, defaults of the standard included. */
export interface ModdleElement {
  readonly $type: string
  readonly $parent?: ModdleElement
  readonly id?: string
  readonly name?: string
  get(property: string): unknown
}

export function text(element: ModdleElement | undefined, property: string): string | undefined {
  const value = element?.get(property)
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

export function flag(element: ModdleElement, property: string): boolean {
  return element.get(property) === true
}

export function one(element: ModdleElement | undefined, property: string): ModdleElement | undefined {
  const value = element?.get(property)
  return isElement(value) ? value : undefined
}

export function many(element: ModdleElement | undefined, property: string): ModdleElement[] {
  const value = element?.get(property)
  return Array.isArray(value) ? value.filter(isElement) : []
}

/** Text of an expression, without the white space that formatting adds. */
export function expression(element: ModdleElement | undefined, property: string): string | undefined {
  return text(one(element, property), 'body')?.trim()
}

/** One line, as it is read on the diagram. */
export function nameOf(element: ModdleElement | undefined): string {
  return (element?.name ?? '').replace(/\s+/g, ' ').trim()
}

/** `bpmn:UserTask` -> `userTask`. */
export function localType(element: ModdleElement): string {
  const name = element.$type.replace(/^.*:/, '')
  return name.charAt(0).toLowerCase() + name.slice(1)
}

function isElement(value: unknown): value is ModdleElement {
  return typeof value === 'object' && value !== null && '$type' in value
}
