import { z } from 'zod'

/** Every error of the API, as application/problem+json (RFC 9457). */
export const Problem = z.object({
  type: z.string().describe('urn:tidemark:problem:<code>'),
  title: z.string(),
  status: z.number().int(),
  /** What was wrong, where, and what to do. */
  detail: z.string().optional(),
  /** Stable code, listed in docs/ERRORS.md. */
  code: z.string(),
  /** Which event of a batch (0-based) and which attribute, where that is known. */
  errors: z.array(z.object({ index: z.number().int().optional(), attribute: z.string().optional(), message: z.string() })).optional(),
})
export type Problem = z.infer<typeof Problem>

/** RFC 3339 UTC with milliseconds. */
export const Timestamp = z.string()
/** A decimal string. */
export const PositionString = z.string()

/** Lists are keyset-paged: `nextCursor` is absent on the last page. */
export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().optional() })

export interface Page<T> {
  items: T[]
  nextCursor?: string | undefined
}

/** A boolean in a query string. */
export const QueryFlag = z.enum(['true', 'false']).transform((text) => text === 'true')
export const PageQuery = z.object({ cursor: z.string().max(400).optional(), limit: z.coerce.number().int().min(1).max(500).default(50) })
