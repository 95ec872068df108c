import { Button, Group, Select } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { FaultDetail, FaultDiscarded } from '@tidemark/api'
import { useState } from 'react'
import { isAbsent, post } from '../api.js'
import { Ask } from '../parts/ask.js'
import { Empty } from '../parts/empty.js'
import { Ago, Moment } from '../parts/moment.js'
import { Section } from '../parts/page.js'
import { ProblemNote, titleOf } from '../parts/problem-note.js'
import { SidePanel } from '../parts/split.js'
import { faultQuery } from '../queries.js'
import classes from './faults.module.css'

/** A suspended instance: why, what waits, and what can be done about it. */
export function FaultPanel({ unit, onClose }: { unit: string; onClose: () => void }) {
  const { data: fault, error, refetch } = useQuery(faultQuery(unit))
  const gone = isAbsent(error)
  return (
    <SidePanel
      label="Suspended instance"
      testId="fault-panel"
      onClose={onClose}
      title={gone ? 'Not suspended any more' : (fault?.key ?? '')}
      below={
        fault !== undefined && !gone && (
          <p className="dim">
            {fault.model}, suspended <Ago at={fault.since} />
          </p>
        )
      }
    >
      {gone ? (
        <Empty title="It is followed again">
          {fault !== undefined && (
            <Link to="/instances" search={{ model: fault.model, key: fault.key }}>
              Show the instance
            </Link>
          )}
        </Empty>
      ) : error !== null ? (
        <ProblemNote error={error} again={() => void refetch()} />
      ) : (
        fault !== undefined && <Body fault={fault} />
      )}
    </SidePanel>
  )
}

function Body({ fault }: { fault: FaultDetail }) {
  const hidden = fault.events - fault.waiting.length
  return (
    <div>
      <div className={classes.actions}>
        <p className="dim">
          What is shown of it stays as it was before the first of these events. After a mend of the program it can be tried again; without the
          event that cannot be folded it goes on at once.
        </p>
        <Group gap={6} mt={10}>
          <TryAgain unit={fault.unit} of={fault.key} />
          <Discard fault={fault} />
          <Link to="/instances" search={{ model: fault.model, key: fault.key }} className={classes.beside}>
            What is shown of it
          </Link>
        </Group>
      </div>
      <Section title="Why it cannot be folded">
        <pre className={classes.error}>{fault.error}</pre>
      </Section>
      <Section title="Events that wait" count={fault.events}>
        {fault.events === 0 && <p className="dim">None: a deadline could not be folded, or what was stored before.</p>}
        <ul data-testid="waiting-events">
          {fault.waiting.map((event) => (
            <li key={event.position} className={classes.waiting}>
              <Link to="/events" search={{ event: event.position }} className="number">
                {event.position}
              </Link>
              <code className="clip" title={event.id}>
                {event.type}
              </code>
              <Moment at={event.time} precise={false} />
            </li>
          ))}
        </ul>
        {hidden > 0 && <p className="dim">and {hidden.toLocaleString('en')} more</p>}
      </Section>
    </div>
  )
}

export function TryAgain({ unit, of }: { unit?: string; of: string }) {
  const client = useQueryClient()
  const trying = useMutation({
    mutationFn: () => post(unit === undefined ? '/faults/retry' : `/faults/${encodeURIComponent(unit)}/retry`),
    onSuccess: () => notifications.show({ message: `Folding ${of} again: what stays suspended in a moment still cannot be` }),
    onError: (error) => notifications.show({ title: titleOf(error), message: error.message, color: 'red' }),
    onSettled: () => void client.invalidateQueries(),
  })
  return (
    <Button
      variant={unit === undefined ? 'default' : 'filled'}
      {...(unit === undefined ? {} : { size: 'compact-sm' })}
      onClick={() => trying.mutate()}
      loading={trying.isPending}
      data-testid={unit === undefined ? 'try-all' : 'try-again'}
    >
      {unit === undefined ? 'Try all again' : 'Try again'}
    </Button>
  )
}

const all = 'all'

function Discard({ fault }: { fault: FaultDetail }) {
  const first = fault.waiting[0]?.position ?? all
  const [chosen, setChosen] = useState(first)
  if (fault.waiting.length === 0) return null
  const choices = [
    ...fault.waiting.map(({ position, type }) => ({ value: position, label: `${position}  ${type}` })),
    ...(fault.events > 1 ? [{ value: all, label: `All ${fault.events} that wait` }] : []),
  ]
  return (
    <Ask
      testId="discard-fault"
      button="Discard"
      question="Which event is to be set aside? It is folded without it from now on, also after a rebuild; its bytes stay in the log."
      done={`Set aside of ${fault.key}: it is folded again`}
      act={(comment) =>
        post<FaultDiscarded>(`/faults/${encodeURIComponent(fault.unit)}/discard`, {
          comment,
          ...(chosen === all ? {} : { positions: [chosen] }),
        })
      }
      comment="required"
      onClosed={() => setChosen(first)}
    >
      <Select
        aria-label="Event"
        data={choices}
        value={chosen}
        onChange={(value) => setChosen(value ?? first)}
        allowDeselect={false}
        comboboxProps={{ withinPortal: false }}
        data-autofocus
      />
    </Ask>
  )
}
