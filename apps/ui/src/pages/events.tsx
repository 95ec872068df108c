import { Select, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { Fate, FateKind, LoggedEvent } from '@tidemark/api'
import { useEffect, useState } from 'react'
import { Empty } from '../parts/empty.js'
import { Ago, Moment } from '../parts/moment.js'
import { Page } from '../parts/page.js'
import { Rows, type Column } from '../parts/rows.js'
import { Status } from '../parts/sign.js'
import { Split } from '../parts/split.js'
import { eventsQuery, eventTypesQuery } from '../queries.js'
import { fateKinds } from '../search.js'
import { EventPanel } from './event-panel.js'
import classes from './events.module.css'
import { fateTexts, fateTones } from './fates.js'

const route = getRouteApi('/events')

/** Everything that was said, and what became of it. */
export function EventsPage() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const { event: opened, ...filter } = search
  const options = eventsQuery(filter)
  const all = columns((event) => ({ ...search, event }))
  const query = useInfiniteQuery(options)
  const change = (part: typeof search): void => void navigate({ to: '/events', search: { ...search, ...part }, replace: true })
  return (
    <Page
      title="Events"
      bar={
        <div className={classes.filter} role="group" aria-label="Filter">
          <TypeChoice type={search.type} onChange={(type) => change({ type })} />
          <Select
            aria-label="Fate"
            placeholder="Any fate"
            w={140}
            clearable
            value={search.fate ?? null}
            data={fateKinds.map((kind) => ({ value: kind, label: kind }))}
            onChange={(fate) => change({ fate: fateKinds.find((known) => known === fate) })}
          />
          <Field label="Source" value={search.source} onChange={(source) => change({ source })} />
          <Field label="Subject" value={search.subject} onChange={(subject) => change({ subject })} />
          {search.fate !== undefined && <span className="dim">{fateTexts[search.fate]}</span>}
          <Link to="/events/types">All types</Link>
        </div>
      }
    >
      <Split wide panel={opened !== undefined && <EventPanel position={opened} onClose={() => change({ event: undefined })} />}>
        <Rows
          label="Events"
          query={query}
          queryKey={options.queryKey}
          columns={opened === undefined ? all : all.slice(0, 4)}
          idOf={({ position }) => position}
          selected={opened}
          onOpen={({ position }) => change({ event: position })}
          empty={<NoEvents filtered={Object.keys(filter).length > 0} fate={search.fate} />}
        />
      </Split>
    </Page>
  )
}

function columns(linkTo: (position: string) => ReturnType<typeof route.useSearch>): Column<LoggedEvent>[] {
  return [
    {
      name: 'Position',
      width: '86px',
      cell: (row) => (
        <Link to="/events" search={linkTo(row.position)} className="number">
          {row.position}
        </Link>
      ),
      align: 'right',
    },
    { name: 'Type', width: 'minmax(150px, 1.5fr)', cell: (row) => <code className="clip">{row.type}</code> },
    { name: 'Subject', width: 'minmax(90px, 1fr)', cell: (row) => <span className="clip">{row.subject ?? ''}</span> },
    { name: 'Fate', width: 'minmax(150px, 1.4fr)', cell: (row) => <Fates fates={row.fates} /> },
    { name: 'Source', width: 'minmax(100px, 1fr)', cell: (row) => <span className="clip dim">{row.source}</span>, fromPx: 960 },
    { name: 'Time', width: '172px', cell: (row) => <Moment at={row.time} />, align: 'right', fromPx: 1160 },
    { name: 'Arrived', width: '120px', cell: (row) => <Ago at={row.appendTime} />, align: 'right' },
  ]
}

/** The fate where it is one; where models disagree, each kind once. */
function Fates({ fates }: { fates: readonly Fate[] }) {
  const kinds = [...new Set(fates.map(({ kind }) => kind))]
  const tracked = fates.find(({ kind, instance }) => kind === 'tracked' && instance !== undefined)
  if (kinds.length === 0) return <Status tone="quiet">unmatched</Status>
  return (
    <>
      {kinds.map((kind) => (
        <span key={kind} title={fates.find((fate) => fate.kind === kind)?.reason ?? fateTexts[kind]}>
          <Status tone={fateTones[kind]}>{kind}</Status>
        </span>
      ))}
      {tracked?.instance !== undefined && (
        <Link to="/instances/$id" params={{ id: tracked.instance }} className="dim">
          instance
        </Link>
      )}
    </>
  )
}

function TypeChoice({ type, onChange }: { type: string | undefined; onChange: (type: string | undefined) => void }) {
  const { data: types = [] } = useQuery(eventTypesQuery)
  const options = types.map((known) => ({ value: known.type, label: `${known.type}  (${known.count.toLocaleString('en')})` }))
  if (type !== undefined && !types.some((known) => known.type === type)) options.push({ value: type, label: type })
  return (
    <Select
      aria-label="Type"
      placeholder="Any type"
      w={260}
      clearable
      searchable
      limit={100}
      nothingFoundMessage="No such type has come"
      value={type ?? null}
      data={options}
      onChange={(chosen) => onChange(chosen ?? undefined)}
    />
  )
}

function Field({ label, value, onChange }: { label: string; value: string | undefined; onChange: (value: string | undefined) => void }) {
  const [typed, setTyped] = useState(value ?? '')
  useEffect(() => setTyped(value ?? ''), [value])
  const done = (): void => {
    const wanted = typed.trim() === '' ? undefined : typed.trim()
    if (wanted !== value) onChange(wanted)
  }
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      w={130}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => event.key === 'Enter' && done()}
    />
  )
}

function NoEvents({ filtered, fate }: { filtered: boolean; fate: FateKind | undefined }) {
  if (!filtered)
    return (
      <Empty title="No events yet">
        <Link to="/start">How to send the first one</Link>
      </Empty>
    )
  if (fate === 'quarantined' || fate === 'unmatched') return <Empty title={`No event is ${fate}`}>That is how it should be.</Empty>
  return (
    <Empty title="No event fits all of these filters">
      <Link to="/events" search={{}}>
        Show all events
      </Link>
    </Empty>
  )
}
