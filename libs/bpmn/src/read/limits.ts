/** What a file may cost before it is refused. */
export interface ReadLimits {
  /** Bytes of the file, or UTF-16 units where it comes as text. */
  readonly maxBytes: number
  /** Nesting of XML elements: recursion over the tree stays shallow. */
  readonly maxDepth: number
  /** BPMN elements that carry an id; the drawing and vendor extensions are not counted, the size bounds them. */
  readonly maxElements: number
}

/** The largest public models are near 250 kB and 1,000 elements; these leave room and keep a hostile file under a second. */
export const defaultLimits: ReadLimits = { maxBytes: 2 * 1024 * 1024, maxDepth: 100, maxElements: 10_000 }
