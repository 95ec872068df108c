import type {
  Alert, AlertSummary, CommandSummary, EventType, EventTypeDetail, Fault, FaultDetail, Flow, Instance, InstanceSummary, LoggedEvent, ModelSummary, Page, Shadow, Status,
} from '@tidemark/api'
import { infiniteQueryOptions, queryOptions, QueryClient } from '@tanstack/react-query'
import { ApiError, get, getText, type Params } from './api.js'
import { heardTrackerTime, showTrackerTimeNow } from './clock.js'

/** Every read of the API, each under a key whose first word says what kind of change renews it (see refresh.ts). */

const statusEveryMs = 5_000
const pageSize = 60
const shadowEveryMs = 500

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        // A refusal will be the same the next time; a tracker that is away comes back.
        retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 502),
        refetchOnWindowFocus: true,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: async ({ signal }) => {
    const status = await get<Status>('/status', {}, signal)
    heardTrackerTime(status.now, status.clockScale)
    showTrackerTimeNow()
    return status
  },
  refetchInterval: statusEveryMs,
})

export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: async ({ signal }) => listOf(await get<Page<ModelSummary> | ModelSummary[]>('/models', {}, signal)).map(named),
})

/** Of a model that says of itself that a version is tried. */
export const shadowQuery = (model: string) => queryOptions({
  queryKey: ['shadow', model],
  queryFn: ({ signal }) => get<Shadow>(`/models/${encodeURIComponent(model)}/shadow`, {}, signal),
  refetchInterval: ({ state }) => (state.data === undefined || state.data.status === 'ready' || state.data.status === 'failed' ? false : shadowEveryMs),
})

export const modelXmlQuery = (model: string, version: number | undefined) => queryOptions({
  queryKey: ['xml', model, version],
  queryFn: ({ signal }) => getText(`/models/${encodeURIComponent(model)}/versions/${version}/xml`, signal),
  enabled: version !== undefined,
  // A version never changes.
  staleTime: Infinity,
})

/** @param at a moment of the past, which no change renews; absent: now */
export const flowQuery = (model: string, version: number | undefined, at?: string) => queryOptions({
  queryKey: [at === undefined ? 'flow' : 'past-flow', model, version, at],
  queryFn: ({ signal }) => get<Flow>(`/models/${encodeURIComponent(model)}/flow`, { version, at }, signal),
  placeholderData: (before, query) => (query?.queryKey[1] === model ? before : undefined),
})

export const instanceQuery = (id: string, at?: string) => queryOptions({
  queryKey: [at === undefined ? 'instance' : 'past-instance', id, at],
  queryFn: ({ signal }) => get<Instance>(`/instances/${encodeURIComponent(id)}`, { at }, signal),
  placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
})

export const alertQuery = (id: string) => queryOptions({
  queryKey: ['alert', id],
  queryFn: ({ signal }) => get<Alert>(`/alerts/${encodeURIComponent(id)}`, {}, signal),
})

export const eventQuery = (position: string) => queryOptions({
  queryKey: ['event', position],
  queryFn: ({ signal }) => get<LoggedEvent>(`/events/${encodeURIComponent(position)}`, {}, signal),
})

export const faultQuery = (unit: string) => queryOptions({
  queryKey: ['fault', unit],
  queryFn: ({ signal }) => get<FaultDetail>(`/faults/${encodeURIComponent(unit)}`, {}, signal),
})

export const eventTypesQuery = queryOptions({
  queryKey: ['event-types'],
  queryFn: async ({ signal }) => listOf(await get<Page<EventType> | EventType[]>('/event-types', {}, signal)),
})

/** Its key is that of the list, so that both are fetched again together. */
export const eventTypeQuery = (type: string) => queryOptions({
  queryKey: ['event-types', type],
  queryFn: ({ signal }) => get<EventTypeDetail>(`/event-types/${encodeURIComponent(type)}`, {}, signal),
})

/** The first few of an element, for the side panel of the flow. */
export const firstInstancesQuery = (params: Params) => queryOptions({
  queryKey: ['first-instances', params],
  queryFn: ({ signal }) => get<Page<InstanceSummary>>('/instances', { ...params, limit: 8 }, signal),
  placeholderData: (before) => before,
})

export const instancesQuery = (params: Params) => listQuery<InstanceSummary>('instances', '/instances', params)
export const alertsQuery = (params: Params) => listQuery<AlertSummary>('alerts', '/alerts', params)
export const commandsQuery = (params: Params) => listQuery<CommandSummary>('commands', '/commands', params)
export const eventTypeListQuery = listQuery<EventType>('event-types', '/event-types', {})
export const faultsQuery = listQuery<Fault>('faults', '/faults', {})
export const eventsQuery = (params: Params) => listQuery<LoggedEvent>('events', '/events', params)

function listQuery<T>(kind: string, path: string, params: Params) {
  return infiniteQueryOptions({
    queryKey: ['list', kind, params] as const,
    queryFn: ({ pageParam, signal }) => get<Page<T>>(path, { ...params, limit: pageSize, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor,
  })
}

/** Many drawings leave the process without a name. */
function named(model: ModelSummary): ModelSummary {
  return { ...model, name: model.name || model.id }
}

function listOf<T>(answer: Page<T> | T[]): T[] {
  return Array.isArray(answer) ? answer : answer.items
}
