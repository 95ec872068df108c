import { SegmentedControl } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import type { Fault, LoggedEvent } from '@tidemark/api'
import { Empty } from '../parts/empty.js'
import { Ago } from '../parts/moment.js'
import { Page, Spacer } from '../parts/page.js'
import { Rows, type Column } from '../parts/rows.js'
import { Sign } from '../parts/sign.js'
import { Split } from '../parts/split.js'
import { eventsQuery, faultsQuery, modelsQuery, statusQuery } from '../queries.js'
import { faultKinds } from '../search.js'
import { EventPanel } from './event-panel.js'
import { FaultPanel, TryAgain } from './fault-panel.js'
import classes from './faults.module.css'
import { ResumeModel } from './resume-model.js'
import { WaysIn } from './ways-in.js'

const route = getRouteApi('/faults')
type Kind = (typeof faultKinds)[number]
const names: Record<Kind, string> = { instances: 'Suspended instances', events: 'Quarantined events', models: 'Suspended models' }

/** What cannot be followed, and waits for somebody: nothing waits behind it. */
export function FaultsPage() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const { data: status } = useQuery(statusQuery)
  const counts = status?.faults
  const show = search.show ?? faultKinds.find((kind) => (counts?.[kind] ?? 0) > 0) ?? 'instances'
  const silent = status?.waysIn.filter(({ error }) => error !== undefined) ?? []
  return (
    <Page
      title="Faults"
      bar={
        <>
          <SegmentedControl
            aria-label="Kind"
            value={show}
            data={faultKinds.map((value) => ({ value, label: labelOf(value, counts?.[value]) }))}
            onChange={(chosen) => void navigate({ to: '/faults', search: { show: faultKinds.find((known) => known === chosen) } })}
          />
          <Spacer />
          {show === 'instances' && (counts?.instances ?? 0) > 1 && <TryAgain of="all of them" />}
        </>
      }
    >
      <div className={classes.page}>
        {silent.length > 0 && (
          <section className={classes.silent} aria-label="Ways in that bring nothing">
            <WaysIn ways={silent} />
          </section>
        )}
        <div className={classes.rest}>
          {show === 'instances' && <Instances />}
          {show === 'events' && <Events />}
          {show === 'models' && <Models />}
        </div>
      </div>
    </Page>
  )
}

function labelOf(kind: Kind, count: number | undefined): string {
  return count === undefined || count === 0 ? names[kind] : `${names[kind]} (${count >= 10_000 ? '10,000+' : count.toLocaleString('en')})`
}

function Instances() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const query = useInfiniteQuery(faultsQuery)
  const open = (unit: string | undefined): void => void navigate({ to: '/faults', search: { ...search, show: 'instances', unit }, replace: true })
  return (
    <Split wide panel={search.unit !== undefined && <FaultPanel key={search.unit} unit={search.unit} onClose={() => open(undefined)} />}>
      <Rows
        label="Suspended instances"
        query={query}
        queryKey={faultsQuery.queryKey}
        columns={search.unit === undefined ? instanceColumns : instanceColumns.slice(0, 2)}
        idOf={({ unit }) => unit}
        rowPx={52}
        selected={search.unit}
        onOpen={({ unit }) => open(unit)}
        empty={
          <Empty title="Every instance can be followed">
            One that cannot be folded is suspended: what is shown of it stays, its events are kept, and others go on.
          </Empty>
        }
      />
    </Split>
  )
}

const instanceColumns: Column<Fault>[] = [
  {
    name: 'Instance',
    width: 'minmax(130px, 1fr)',
    cell: (row) => (
      <span className={classes.two}>
        <UnitLink fault={row} />
        <span className="clip dim">{row.model}</span>
      </span>
    ),
  },
  {
    name: 'Why it cannot be folded',
    width: 'minmax(160px, 2.4fr)',
    cell: (row) => (
      <span className={classes.reason} title={row.error}>
        <Sign name="error" size={14} />
        <span className="clip">{row.error.split('\n')[0]}</span>
      </span>
    ),
  },
  { name: 'Events wait', width: '92px', cell: (row) => <span className="number">{row.events.toLocaleString('en')}</span>, align: 'right' },
  { name: 'Since', width: '120px', cell: (row) => <Ago at={row.since} />, align: 'right', fromPx: 700 },
]

function UnitLink({ fault }: { fault: Fault }) {
  const search = route.useSearch()
  return (
    <route.Link to="/faults" search={{ ...search, show: 'instances', unit: fault.unit }} className="clip" title={fault.key}>
      {fault.key}
    </route.Link>
  )
}

const quarantinedQuery = eventsQuery({ fate: 'quarantined' })

function Events() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const query = useInfiniteQuery(quarantinedQuery)
  const open = (event: string | undefined): void => void navigate({ to: '/faults', search: { ...search, show: 'events', event }, replace: true })
  return (
    <Split wide panel={search.event !== undefined && <EventPanel key={search.event} position={search.event} onClose={() => open(undefined)} />}>
      <Rows
        label="Quarantined events"
        query={query}
        queryKey={quarantinedQuery.queryKey}
        columns={search.event === undefined ? eventColumns : eventColumns.slice(0, 2)}
        idOf={({ position }) => position}
        rowPx={52}
        selected={search.event}
        onOpen={({ position }) => open(position)}
        empty={<Empty title="No event is quarantined">One that cannot be read, or that its schema forbids, is kept aside with its bytes.</Empty>}
      />
    </Split>
  )
}

const eventColumns: Column<LoggedEvent>[] = [
  {
    name: 'Event',
    width: 'minmax(130px, 1fr)',
    cell: (row) => (
      <span className={classes.two}>
        <EventLink position={row.position} />
        <span className="clip dim">{row.source !== '' ? row.source : typeof row.extensions?.['from'] === 'string' ? row.extensions['from'] : 'no source that can be read'}</span>
      </span>
    ),
  },
  {
    name: 'Why it is kept aside',
    width: 'minmax(160px, 2.4fr)',
    cell: (row) => (
      <span className={classes.reason} title={reasonOf(row)}>
        <Sign name="warning" size={14} />
        <span className="clip">{reasonOf(row)}</span>
      </span>
    ),
  },
  { name: 'Type', width: 'minmax(90px, 0.8fr)', cell: (row) => <code className="clip">{row.type}</code>, fromPx: 900 },
  { name: 'Arrived', width: '120px', cell: (row) => <Ago at={row.appendTime} />, align: 'right', fromPx: 700 },
]

function EventLink({ position }: { position: string }) {
  const search = route.useSearch()
  return (
    <route.Link to="/faults" search={{ ...search, show: 'events', event: position }} className="number">
      Event {position}
    </route.Link>
  )
}

function reasonOf({ fates }: LoggedEvent): string {
  return fates.find(({ kind }) => kind === 'quarantined')?.reason ?? ''
}

function Models() {
  const { data: models = [] } = useQuery(modelsQuery)
  const suspended = models.flatMap((model) => model.versions.filter(({ status }) => status === 'suspended').map((version) => ({ model, version })))
  if (suspended.length === 0) {
    return (
      <Empty title="Every model is followed">
        A model of which too many instances cannot be folded is suspended where it stands; others go on.
      </Empty>
    )
  }
  return (
    <ul className={classes.models} aria-label="Suspended models">
      {suspended.map(({ model, version }) => (
        <li key={`${model.id} ${version.version}`}>
          <Sign name="warning" size={15} />
          <div>
            <Link to="/models" search={{ model: model.id }}>
              {model.name}
            </Link>{' '}
            <span className="dim number">v{version.version}</span>
            <p className="dim">Too many of its instances could not be folded: it stands still, with all its events kept.</p>
          </div>
          <ResumeModel model={model.id} name={model.name} />
        </li>
      ))}
    </ul>
  )
}
