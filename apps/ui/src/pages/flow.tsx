import { SegmentedControl, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { Flow, ModelSummary } from '@tidemark/api'
import { useCallback } from 'react'
import { Figure } from '../parts/figure.js'
import { MomentChoice } from '../parts/moment-choice.js'
import { Page, Spacer } from '../parts/page.js'
import { ProblemNote } from '../parts/problem-note.js'
import { Split } from '../parts/split.js'
import { flowQuery, modelsQuery, modelXmlQuery } from '../queries.js'
import type { FlowSearch, Lens } from '../search.js'
import { ElementPanel } from './element-panel.js'
import { ElementTable } from './element-table.js'
import { FlowCanvas } from './flow-canvas.js'
import classes from './flow.module.css'

const route = getRouteApi('/flow/$model')

/** The live flow of a model: what is where now, on its diagram or as a table. */
export function FlowPage() {
  const { model } = route.useParams()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const models = useQuery(modelsQuery)
  const summary = models.data?.find(({ id }) => id === model)
  const version = search.version ?? summary?.version
  const flow = useQuery({ ...flowQuery(model, version, search.at), enabled: version !== undefined })
  const xml = useQuery(modelXmlQuery(model, version))
  const lens = search.lens ?? 'counts'
  const asTable = search.view === 'table'
  const change = useCallback(
    (part: FlowSearch) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true }),
    [navigate],
  )
  const select = useCallback((element: string | undefined) => change({ element }), [change])

  const failed = models.error ?? flow.error
  return (
    <Page
      title={summary?.name ?? model}
      name={<ModelChoice model={model} models={models.data} />}
      bar={
        <>
          <VersionChoice summary={summary} version={version} onChange={(chosen) => change({ version: chosen })} />
          <Figures flow={flow.data} model={model} version={search.version} />
          {flow.data?.sampled !== undefined && (
            <span className="dim" title="Too many were under way to follow all of them again">
              from a sample of {flow.data.sampled.toLocaleString('en')}
            </span>
          )}
          <Spacer />
          <MomentChoice at={search.at} onChange={(at) => change({ at })} />
          <LensChoice lens={lens} onChange={(chosen) => change({ lens: chosen === 'counts' ? undefined : chosen })} />
          <SegmentedControl
            aria-label="Show as"
            value={asTable ? 'table' : 'diagram'}
            data={[
              { value: 'diagram', label: 'Diagram' },
              { value: 'table', label: 'Table' },
            ]}
            onChange={(view) => change({ view: view === 'table' ? 'table' : undefined })}
          />
        </>
      }
    >
      <Split
        panel={
          search.element !== undefined
          && flow.data !== undefined && (
            <ElementPanel flow={flow.data} element={search.element} version={search.version} onClose={() => select(undefined)} />
          )
        }
      >
        {failed !== null && (flow.data === undefined || search.at !== undefined) ? (
          <ProblemNote error={failed} again={() => void flow.refetch()} />
        ) : models.data !== undefined && summary === undefined ? (
          <ProblemNote error={new Error(`No model has the id ${model}. It may have been deployed under another name.`)} />
        ) : asTable ? (
          <ElementTable flow={flow.data} lens={lens} selected={search.element} onSelect={select} />
        ) : (
          <FlowCanvas
            flow={flow.data}
            xml={xml.data}
            failed={xml.error}
            lens={lens}
            model={model}
            isNow={search.at === undefined}
            name={summary?.name ?? model}
            selected={search.element}
            onSelect={select}
          />
        )}
      </Split>
    </Page>
  )
}

function Figures({ flow, model, version }: { flow: Flow | undefined; model: string; version: number | undefined }) {
  const of = { model, ...(version !== undefined && { version }) }
  return (
    <div className={classes.figures}>
      <Figure name="Active" value={flow?.active} search={{ ...of, status: 'active' }} />
      <Figure name="Completed" value={flow?.completed} search={{ ...of, status: 'completed' }} />
      <Figure name="Stuck" value={flow?.stuck} sign="stuck" search={{ ...of, stuck: true }} />
      <Figure name="Late" value={flow?.late} sign="late" search={{ ...of, late: true }} />
      <Figure name="Deviating" value={flow?.deviating} sign="deviating" search={{ ...of, deviating: true }} />
    </div>
  )
}

function ModelChoice({ model, models }: { model: string; models: ModelSummary[] | undefined }) {
  const navigate = route.useNavigate()
  const name = models?.find(({ id }) => id === model)?.name ?? model
  if (models === undefined || models.length < 2) return <>{name}</>
  return (
    <Select
      aria-label="Model"
      classNames={{ input: classes.modelInput }}
      value={model}
      allowDeselect={false}
      searchable={models.length > 8}
      data={models.map((known) => ({ value: known.id, label: known.name }))}
      w={Math.min(300, 60 + name.length * 8.5)}
      onChange={(chosen) =>
        chosen !== null && void navigate({ to: '/flow/$model', params: { model: chosen }, search: ({ lens, view }) => ({ lens, view }) })
      }
    />
  )
}

function VersionChoice({
  summary,
  version,
  onChange,
}: {
  summary: ModelSummary | undefined
  version: number | undefined
  onChange: (version: number | undefined) => void
}) {
  if (summary === undefined || version === undefined) return null
  if (summary.versions.length < 2)
    return (
      <span className="dim number" data-testid="version">
        v{version}
      </span>
    )
  return (
    <Select
      aria-label="Version"
      w={72}
      value={String(version)}
      allowDeselect={false}
      data={summary.versions.map((known) => ({ value: String(known.version), label: `v${known.version}` }))}
      onChange={(chosen) => onChange(chosen === null || Number(chosen) === summary.version ? undefined : Number(chosen))}
    />
  )
}

const lensNames: Record<Lens, string> = { counts: 'Now', waits: 'Waits', durations: 'Durations', visits: 'Visits' }

function LensChoice({ lens, onChange }: { lens: Lens; onChange: (lens: Lens) => void }) {
  return (
    <SegmentedControl
      aria-label="Lens"
      value={lens}
      data={Object.entries(lensNames).map(([value, label]) => ({ value, label }))}
      onChange={(chosen) => onChange(chosen as Lens)}
      data-testid="lens"
    />
  )
}
