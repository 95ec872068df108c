import { Button, Group, Menu, Popover, Textarea, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Alert } from '@tidemark/api'
import { useState } from 'react'
import { post } from '../api.js'
import { Ago, Lasting, Moment } from '../parts/moment.js'
import { Section } from '../parts/page.js'
import { ProblemNote, titleOf } from '../parts/problem-note.js'
import { Status } from '../parts/sign.js'
import { SidePanel } from '../parts/split.js'
import { alertQuery } from '../queries.js'
import type { InstanceSearch } from '../search.js'
import classes from './alerts.module.css'

const maxMembers = 50
const deliveryTones = { pending: 'active', delivered: 'good', failed: 'late', dead: 'late' } as const

export function AlertPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const { data: alert, error, refetch } = useQuery(alertQuery(id))
  return (
    <SidePanel label="Alert" testId="alert-panel" onClose={onClose} title={alert?.title ?? 'Alert'}>
      {error !== null && <ProblemNote error={error} again={() => void refetch()} />}
      {alert !== undefined && (
        <>
          <Story alert={alert} />
          <Actions alert={alert} />
          <Members alert={alert} />
          <Deliveries alert={alert} />
        </>
      )}
    </SidePanel>
  )
}

function Story({ alert }: { alert: Alert }) {
  return (
    <div className={classes.story}>
      <p className="dim">
        <Link to="/flow/$model" params={{ model: alert.model }} search={alert.element === undefined ? {} : { element: alert.element }}>
          {alert.modelName || alert.model}
          {alert.elementName !== undefined && ` · ${alert.elementName}`}
        </Link>
      </p>
      {alert.silencedUntil !== undefined && (
        <p>
          Silenced by {alert.silencedBy ?? 'someone'} until <Moment at={alert.silencedUntil} precise={false} />: until then nobody is told of it.
        </p>
      )}
      {alert.assignedTo !== undefined && <p>{alert.assignedTo} looks after it.</p>}
      <p>
        Opened <Ago at={alert.openedAt} />.
      </p>
      {alert.acknowledgedAt !== undefined && (
        <p>
          Acknowledged by {alert.acknowledgedBy ?? 'someone'} <Ago at={alert.acknowledgedAt} />.
        </p>
      )}
      {alert.resolvedAt !== undefined && (
        <p>
          Resolved by {alert.resolvedBy ?? 'the cause being gone'} <Ago at={alert.resolvedAt} />.
        </p>
      )}
    </div>
  )
}

function Actions({ alert }: { alert: Alert }) {
  const [comment, setComment] = useState('')
  const client = useQueryClient()
  const act = useMutation({
    mutationFn: ({ action, more }: Act) =>
      post(`/alerts/${encodeURIComponent(alert.id)}/${action}`, { ...more, ...(comment.trim() !== '' && { comment: comment.trim() }) }),
    onSuccess: (_, { done }) => {
      setComment('')
      notifications.show({ message: done })
    },
    onError: (error) => notifications.show({ title: titleOf(error), message: error.message, color: 'red' }),
    onSettled: () => void client.invalidateQueries(),
  })
  const isDoing = (action: Act['action']): boolean => act.isPending && act.variables.action === action
  return (
    <div className={classes.actions}>
      <Textarea
        aria-label="Comment"
        placeholder="Comment (optional)"
        autosize
        minRows={1}
        maxRows={6}
        maxLength={1000}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      <Group gap={6} mt={8}>
        {alert.status === 'open' && (
          <Button
            variant="filled"
            loading={isDoing('acknowledge')}
            onClick={() => act.mutate({ action: 'acknowledge', done: 'Acknowledged' })}
            data-testid="acknowledge"
          >
            Acknowledge
          </Button>
        )}
        {alert.status !== 'resolved' && (
          <>
            <Button loading={isDoing('resolve')} onClick={() => act.mutate({ action: 'resolve', done: 'Resolved' })} data-testid="resolve">
              Resolve
            </Button>
            <Assign to={alert.assignedTo} onAssign={(to) => act.mutate({ action: 'assign', more: { to }, done: `${to} looks after it` })} />
          </>
        )}
        <Silence
          isSilenced={alert.silencedUntil !== undefined}
          onSilence={(length) => act.mutate({ action: 'silence', more: { for: length.value }, done: length.done })}
        />
      </Group>
    </div>
  )
}

interface Act {
  readonly action: 'acknowledge' | 'resolve' | 'assign' | 'silence'
  readonly more?: Record<string, string>
  /** What is said when it is done. */
  readonly done: string
}

function Assign({ to, onAssign }: { to: string | undefined; onAssign: (to: string) => void }) {
  const [open, setOpen] = useState(false)
  const [name, setName] = useState(to ?? '')
  const assign = (): void => {
    setOpen(false)
    onAssign(name.trim())
  }
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width={260} trapFocus withinPortal returnFocus>
      <Popover.Target>
        <Button onClick={() => setOpen(!open)} data-testid="assign">
          Assign
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (name.trim() !== '') assign()
          }}
        >
          <TextInput
            label="Who looks after it"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={100}
            data-autofocus
          />
          <Button type="submit" variant="filled" size="compact-sm" mt={8} disabled={name.trim() === ''} data-testid="confirm-assign">
            Assign
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  )
}

const silences = [
  { value: 'PT1H', label: 'For an hour', done: 'Silenced for an hour' },
  { value: 'PT8H', label: 'For eight hours', done: 'Silenced for eight hours' },
  { value: 'P1D', label: 'For a day', done: 'Silenced for a day' },
  { value: 'P7D', label: 'For a week', done: 'Silenced for a week' },
] as const
const loud = { value: 'PT0S', label: 'No longer', done: 'No longer silenced' } as const

function Silence({ isSilenced, onSilence }: { isSilenced: boolean; onSilence: (length: { value: string; done: string }) => void }) {
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <Button data-testid="silence">Silence</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {[...silences, ...(isSilenced ? [loud] : [])].map((length) => (
          <Menu.Item key={length.value} onClick={() => onSilence(length)}>
            {length.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

/** Events, not instances, where none of them has one. */
function StrayEvents({ alert }: { alert: Alert }) {
  return (
    <Section title="Events with this cause now" count={alert.count}>
      <Link to="/events" search={{ fate: 'incident' }} className={classes.all}>
        Open them in the list of events
      </Link>
    </Section>
  )
}

function Members({ alert }: { alert: Alert }) {
  if (alert.kind === 'incident') return <StrayEvents alert={alert} />
  const shown = alert.instances.slice(0, maxMembers)
  return (
    <Section title="Instances with this cause now" count={alert.count}>
      {shown.length === 0 && <p className="dim">None any more.</p>}
      <ul>
        {shown.map(({ id, key, since }) => (
          <li key={id} className={classes.member}>
            <Link to="/instances/$id" params={{ id }} className="clip">
              {key}
            </Link>
            <span className="dim">
              for <Lasting from={since} />
            </span>
          </li>
        ))}
      </ul>
      {alert.count > shown.length && (
        <Link to="/instances" search={membersOf(alert)} className={classes.all}>
          All {alert.count.toLocaleString('en')} in the list
        </Link>
      )}
    </Section>
  )
}

function membersOf({ kind, model, element }: Alert): InstanceSearch {
  const here = { model, ...(element !== undefined && kind !== 'deviation' && { element }) }
  if (kind === 'stuck') return { ...here, stuck: true }
  if (kind === 'late') return { ...here, late: true }
  return kind === 'deviation' ? { ...here, deviating: true } : here
}

function Deliveries({ alert }: { alert: Alert }) {
  return (
    <Section title="Told to">
      {alert.deliveries.length === 0 && <p className="dim">Nobody: no channel is set up. It is seen here only.</p>}
      {alert.deliveries.map((delivery, index) => (
        <div key={index} className={classes.member}>
          <span className="clip">{delivery.channel}</span>
          <Status tone={deliveryTones[delivery.status]}>{delivery.status}</Status>
          <span className="dim" title={delivery.error}>
            {delivery.attempts} {delivery.attempts === 1 ? 'attempt' : 'attempts'}, <Ago at={delivery.at} />
          </span>
        </div>
      ))}
    </Section>
  )
}
