import type { Status } from '@tidemark/api'
import { useQuery } from '@tanstack/react-query'
import { Tooltip } from '@mantine/core'
import { isUnauthorised } from '../api.js'
import { useTrackerNow } from '../clock.js'
import { useLiveState, type LiveState } from '../live.js'
import { statusQuery } from '../queries.js'
import { dayText, durationText, momentText, momentTitle, scaleText } from '../times.js'
import classes from './frame.module.css'

/** Behind by less is the rhythm of batches and nothing to tell anyone. */
const tellLagSeconds = 5

/** Whether what is on screen is true now: live, behind, reconnecting, or no connection. */
export function Connection() {
  const { data, error } = useQuery(statusQuery)
  const { tone, text, title } = describe(useLiveState(), data, error)
  return (
    <Tooltip label={title} multiline maw={320}>
      <span className={classes.connection} data-tone={tone} role="status" tabIndex={0} data-testid="connection">
        {text}
      </span>
    </Tooltip>
  )
}

export function describe(state: LiveState, status: Status | undefined, error: unknown): { tone: string; text: string; title: string } {
  if (isUnauthorised(error)) return { tone: 'off', text: 'Token needed', title: 'The tracker wants a token before it answers.' }
  if (error !== null && error !== undefined) {
    return {
      tone: 'off',
      text: 'No connection',
      title: 'The tracker does not answer. What you see is what was last known; it is tried again by itself.',
    }
  }
  if (state === 'reconnecting')
    return { tone: 'wait', text: 'Reconnecting', title: 'The live connection was lost and is being made again. Numbers may be old.' }
  if (state === 'connecting' || status === undefined) return { tone: 'wait', text: 'Connecting', title: 'Waiting for the tracker.' }
  if (status.lagSeconds > tellLagSeconds) {
    const entries = status.lagEntries.toLocaleString('en')
    return {
      tone: 'wait',
      text: `${durationText(status.lagSeconds * 1000)} behind`,
      title: `${entries} events in the log are not followed yet. Nothing is called stuck or late before the tracker has caught up.`,
    }
  }
  return {
    tone: 'live',
    text: 'Live',
    title: `Up to date at position ${status.folded} of the log. ${status.events.toLocaleString('en')} events so far.`,
  }
}

/** The tracker's clock, only where it is not everyone's. */
export function DomainClock() {
  const { data } = useQuery(statusQuery)
  const nowMs = useTrackerNow()
  if (data === undefined || data.clockScale === 1 || nowMs === undefined) return null
  const iso = new Date(nowMs).toISOString()
  const fast = data.clockScale >= 3600
  return (
    <Tooltip label={`Demo clock: ${scaleText(data.clockScale)}. ${momentTitle(iso)}`} multiline maw={300}>
      <span className={classes.clock} tabIndex={0} data-testid="domain-clock">
        <span className="number">{fast ? dayText(iso) : momentText(iso, false)}</span>
        <span className={classes.clockScale}>{scaleText(data.clockScale)}</span>
      </span>
    </Tooltip>
  )
}
