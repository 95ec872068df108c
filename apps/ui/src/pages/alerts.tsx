import { SegmentedControl } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import type { AlertStatus, AlertSummary } from '@tidemark/api'
import { Empty } from '../parts/empty.js'
import { Ago } from '../parts/moment.js'
import { Page, Spacer } from '../parts/page.js'
import { Rows, type Column } from '../parts/rows.js'
import { Sign } from '../parts/sign.js'
import { Split } from '../parts/split.js'
import { alertsQuery, statusQuery } from '../queries.js'
import { alertStatuses } from '../search.js'
import type { SignName } from '../signs.js'
import { AlertPanel } from './alert-panel.js'
import classes from './alerts.module.css'

const route = getRouteApi('/alerts')

const statusNames: Record<AlertStatus, string> = { open: 'Open', acknowledged: 'Acknowledged', resolved: 'Resolved' }
const nothing: Record<AlertStatus, [string, string]> = {
  open: ['Nothing needs a look', 'An alert opens when instances are stuck, late or off the path, one per cause.'],
  acknowledged: ['Nobody is at work on an alert', 'Acknowledge an open alert to say that someone looks after it.'],
  resolved: ['No alert was resolved yet', 'An alert is resolved by a person, or when its cause is gone.'],
}
export const alertSigns: Record<AlertSummary['kind'], SignName> = {
  stuck: 'stuck',
  late: 'late',
  deviation: 'deviating',
  commandFailed: 'error',
  incident: 'warning',
  suspended: 'error',
  modelSuspended: 'warning',
  logMismatch: 'error',
}

/** The inbox: one alert per cause, with the instances that have it. */
export function AlertsPage() {
  const search = route.useSearch()
  const status = search.status ?? 'open'
  const navigate = useNavigate()
  const options = alertsQuery({ status, model: search.model })
  const query = useInfiniteQuery(options)
  const { data: tracker } = useQuery(statusQuery)
  const open = (alert: string | undefined): void => void navigate({ to: '/alerts', search: { ...search, alert }, replace: true })
  return (
    <Page
      title="Alerts"
      bar={
        <>
          <SegmentedControl
            aria-label="Status"
            value={status}
            data={alertStatuses.map((value) => ({ value, label: statusNames[value] }))}
            onChange={(chosen) =>
              void navigate({ to: '/alerts', search: { model: search.model, status: alertStatuses.find((known) => known === chosen) } })
            }
          />
          <Spacer />
          {tracker !== undefined && tracker.lagSeconds > 5 && (
            <span className="dim">The tracker is behind: what it has not seen yet raises no alert.</span>
          )}
        </>
      }
    >
      <Split wide panel={search.alert !== undefined && <AlertPanel key={search.alert} id={search.alert} onClose={() => open(undefined)} />}>
        <Rows
          label="Alerts"
          query={query}
          queryKey={options.queryKey}
          columns={search.alert === undefined ? columns : columns.slice(0, 2)}
          idOf={({ id }) => id}
          rowPx={56}
          selected={search.alert}
          onOpen={({ id }) => open(id)}
          empty={<Empty title={nothing[status][0]}>{nothing[status][1]}</Empty>}
        />
      </Split>
    </Page>
  )
}

const columns: Column<AlertSummary>[] = [
  { name: 'Alert', width: 'minmax(0, 2.4fr)', cell: (row) => <Cause alert={row} /> },
  {
    name: 'Now',
    width: '92px',
    cell: (row) => <b className="number">{row.count.toLocaleString('en')}</b>,
    align: 'right',
  },
  { name: 'Opened', width: '124px', cell: (row) => <Ago at={row.openedAt} />, align: 'right', fromPx: 760 },
  {
    name: 'Looked after by',
    width: '130px',
    cell: (row) => <span className="dim">{row.resolvedBy ?? row.assignedTo ?? row.acknowledgedBy ?? ''}</span>,
    fromPx: 1100,
  },
]

function Cause({ alert }: { alert: AlertSummary }) {
  return (
    <span className={classes.cause} data-kind={alertSigns[alert.kind]} data-severity={alert.severity}>
      <Sign name={alertSigns[alert.kind]} size={15} />
      <span className={classes.causeText}>
        <OpenLink id={alert.id} title={alert.title} />
        <span className="clip dim">
          {alert.modelName || alert.model}
          {alert.elementName !== undefined && ` · ${alert.elementName}`}
          {alert.severity === 'critical' && ' · critical'}
          {alert.silencedUntil !== undefined && ' · silenced'}
        </span>
      </span>
    </span>
  )
}

function OpenLink({ id, title }: { id: string; title: string }) {
  const search = route.useSearch()
  return (
    <route.Link to="/alerts" search={{ ...search, alert: id }} className="clip" title={title}>
      {title}
    </route.Link>
  )
}
