import { useQueryClient, type InfiniteData } from '@tanstack/react-query'
import { concerns, useChanges } from './changes.js'

/** Renews what is on screen when the tracker says that something changed. Queries nobody looks at are only marked stale. */
export function useLiveRefresh(): void {
  const client = useQueryClient()
  useChanges((changes) => {
    void client.invalidateQueries({
      predicate: ({ queryKey: [kind, model] }) => {
        if (kind === 'flow') return concerns(changes, model as string)
        if (kind === 'models' || kind === 'first-instances') return true
        if (kind === 'alert') return changes.alerts
        return false
      },
    })
  })
  useChanges(() => void client.invalidateQueries({ queryKey: ['instance'] }), instanceEveryMs)
  useChanges((changes) => {
    if (changes.alerts || changes.commands) void client.invalidateQueries({ queryKey: ['status'] })
    void client.invalidateQueries({
      predicate: ({ queryKey: [kind, list], state }) => {
        if (kind === 'event-types' || kind === 'fault') return true
        if (kind !== 'list') return false
        if (list === 'alerts' && !changes.alerts) return false
        if (list === 'commands' && !changes.commands) return false
        // Who has scrolled further reads: the rows must not move under the eyes (the list then offers to show what is new).
        return ((state.data as InfiniteData<unknown> | undefined)?.pages.length ?? 0) <= 1
      },
    })
  }, listEveryMs)
}

const instanceEveryMs = 1_000
const listEveryMs = 2_000
