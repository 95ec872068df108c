import { useEffect, useRef } from 'react'
import { gatherMs, live, type Changes } from './live.js'

/** `apply` may be a fresh closure each time. Called at most once in `everyMs`, the last change is never dropped. */
export function useChanges(apply: (changes: Changes) => void, everyMs: number = gatherMs): void {
  const latest = useRef(apply)
  useEffect(() => {
    latest.current = apply
  })
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let waiting: Changes | undefined
    const tell = (changes: Changes): void => {
      if (timer !== undefined) {
        waiting = waiting === undefined ? changes : merged(waiting, changes)
        return
      }
      timer = setTimeout(() => {
        timer = undefined
        if (waiting !== undefined) {
          const next = waiting
          waiting = undefined
          tell(next)
        }
      }, everyMs)
      latest.current(changes)
    }
    const stop = live.onChanges(tell)
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [everyMs])
}

export function concerns(changes: Changes, model: string | undefined): boolean {
  return model === undefined || changes.models === 'everything' || changes.models.has(model)
}

function merged(a: Changes, b: Changes): Changes {
  return {
    models: a.models === 'everything' || b.models === 'everything' ? 'everything' : new Set([...a.models, ...b.models]),
    alerts: a.alerts || b.alerts,
    commands: a.commands || b.commands,
  }
}
