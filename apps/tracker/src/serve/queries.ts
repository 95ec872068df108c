/** The query strings that are no list of libs/api, and the lists made strict: an unknown parameter is refused, never silently without effect. */
import { AcceptShadow, AlertQuery, CommandQuery, EventQuery, InstanceQuery, PageQuery, PersonAction, PositionString, QueryFlag } from '@tidemark/api'
import { z } from 'zod'
import { readVariableFilters } from './variable-filter.js'

/** Whatever is not named here is a filter on a variable, or refused. */
export const StrictInstanceQuery = InstanceQuery.catchall(z.unknown()).transform((query, context) => {
  const rest = Object.fromEntries(Object.entries(query).filter(([key]) => !Object.hasOwn(InstanceQuery.shape, key)))
  return { ...(query as InstanceQuery), variables: readVariableFilters(rest, context) }
})
export type StrictInstanceQuery = z.infer<typeof StrictInstanceQuery>
export const StrictEventQuery = EventQuery.strict()
export const StrictAlertQuery = AlertQuery.strict()
export const StrictCommandQuery = CommandQuery.strict()

/** Models and event types are few, and pickers want them all. */
export const CatalogueQuery = PageQuery.extend({ limit: z.coerce.number().int().min(1).max(500).default(200) }).strict()
export type CatalogueQuery = z.infer<typeof CatalogueQuery>

export const Version = z.coerce.number().int().min(1).max(2_147_483_647)

const PastMoment = z.string().max(40).optional().describe('A past moment of event time, with what is known today. Absent: now.')

export const FlowQuery = z.strictObject({ version: Version.optional().describe('Absent: the newest.'), at: PastMoment })
export const InstancePageQuery = z.strictObject({ at: PastMoment })
export type InstancePageQuery = z.infer<typeof InstancePageQuery>
export type FlowQuery = z.infer<typeof FlowQuery>

export const DeployQuery = z.strictObject({
  dryRun: QueryFlag.optional().describe('Only check: nothing is deployed.'),
  by: z.string().min(1).max(100).optional().describe('Who deploys, for the record.'),
})
export type DeployQuery = z.infer<typeof DeployQuery>

export const ShadowQuery = z.strictObject({
  since: z.string().max(40).optional().describe('Only instances that began then or later are told again. Absent: all.'),
  by: z.string().min(1).max(100).optional().describe('Who tries it, for the record.'),
})
export type ShadowQuery = z.infer<typeof ShadowQuery>

export const LiveQuery = z.strictObject({ model: z.string().max(200).optional() })
export type LiveQuery = z.infer<typeof LiveQuery>

/** What a browser sends back is checked: a position, or nothing. */
export const LastEventId = z.string().regex(/^\d{1,19}$/).transform(BigInt).optional().catch(undefined)

/** No body at all is fine: then `operator` did it. */
export const OptionalPersonAction = PersonAction.prefault({})

/** No body at all is fine, too. */
export const OptionalAcceptShadow = AcceptShadow.prefault({})

/** An event type in a path. */
export const PathType = z.string().min(1).max(200)

/** A position of the log in a path. */
export const PathPosition = PositionString.regex(/^\d{1,19}$/, 'not a position: positions are decimal numbers').transform(BigInt)
