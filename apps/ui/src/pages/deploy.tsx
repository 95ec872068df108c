import { Button, Loader } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { Deployed, Shadow } from '@tidemark/api'
import { useEffect, useMemo, useRef, useState } from 'react'
import { postForm } from '../api.js'
import type { DiagramHandle } from '../diagram/diagram.js'
import { findingsView } from '../diagram/findings.js'
import { IconFileUpload } from '../icons.js'
import { DiagramFrame } from '../parts/diagram-frame.js'
import { DropZone } from '../parts/drop-zone.js'
import { Empty } from '../parts/empty.js'
import { Page, Spacer } from '../parts/page.js'
import { ProblemNote } from '../parts/problem-note.js'
import { Sign } from '../parts/sign.js'
import { formOf, sorted, verdictOf, type Draft, type Verdict } from './draft.js'
import { takeDroppedFiles } from './dropped.js'
import { FindingList } from './finding-list.js'
import classes from './models.module.css'

/** From a file to a followed model: drop it, read the findings on the diagram, deploy. */
export function DeployPage() {
  const [draft, setDraft] = useState<Draft>()
  const [wrong, setWrong] = useState<string>()
  const check = useMutation({ mutationFn: (given: Draft) => verdictOf(given) })
  const take = async (files: readonly File[]): Promise<void> => {
    const { model, mapping, decision, problem } = sorted(files, draft)
    setWrong(problem)
    if (model === undefined) return
    const next = { model, mapping, decision, xml: await model.text() }
    setDraft(next)
    check.mutate(next)
  }
  useEffect(() => {
    const dropped = takeDroppedFiles()
    if (dropped.length > 0) void take(dropped)
    // Only what was dropped on the page before, once.
  }, [])
  return (
    <Page
      title="Deploy a model"
      bar={
        draft !== undefined && (
          <DraftBar draft={draft} verdict={check.data} checking={check.isPending} onFiles={(files) => void take(files)} />
        )
      }
    >
      {wrong !== undefined && <ProblemNote error={new Error(wrong)} />}
      {draft === undefined ? (
        <div className={classes.first}>
          <DropZone onFiles={(files) => void take(files)}>
            <IconFileUpload size={28} stroke={1.4} />
            <b>Drop a BPMN file here, or choose one</b>
            <span className="dim">
              A mapping file (YAML or JSON) and a decision about events without an instance (DMN) may come with it. Nothing is deployed before you have seen the findings.
            </span>
          </DropZone>
          <p className="dim">
            Any tool's BPMN 2.0 is taken. Elements bind to events by their name, by <code>tm:</code> attributes, by Zeebe or Camunda 7
            attributes, or by the mapping file.
          </p>
        </div>
      ) : (
        <Review draft={draft} verdict={check.data} checking={check.isPending} error={check.error} onAgain={() => check.mutate(draft)} />
      )}
    </Page>
  )
}

function DraftBar({
  draft,
  verdict,
  checking,
  onFiles,
}: {
  draft: Draft
  verdict: Verdict | undefined
  checking: boolean
  onFiles: (files: readonly File[]) => void
}) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const deploy = useMutation({
    mutationFn: () => postForm<Deployed>('/models', {}, formOf(draft)),
    onSuccess: async (deployed) => {
      notifications.show({ message: `${deployed.models[0]?.name || deployed.id} is deployed as version ${deployed.version}` })
      await client.invalidateQueries()
      void navigate({ to: '/flow/$model', params: { model: deployed.id } })
    },
    onError: (error) => notifications.show({ title: 'Not deployed', message: error.message, color: 'red' }),
  })
  const attempt = useMutation({
    mutationFn: () => postForm<Shadow>(`/models/${encodeURIComponent(verdict?.deployed?.id ?? '')}/shadow`, {}, formOf(draft)),
    onSuccess: async () => {
      await client.invalidateQueries()
      void navigate({ to: '/models' })
    },
    onError: (error) => notifications.show({ title: 'Not tried', message: error.message, color: 'red' }),
  })
  return (
    <>
      <span className="dim clip">
        {draft.model.name}
        {draft.mapping !== undefined && ` with ${draft.mapping.name}`}
        {draft.decision !== undefined && ` with ${draft.decision.name}`}
      </span>
      <Spacer />
      <DropZone compact onFiles={onFiles}>
        <IconFileUpload size={15} />
        Another file
      </DropZone>
      {(verdict?.deployed?.version ?? 1) > 1 && (
        <Button
          variant="default"
          loading={attempt.isPending}
          disabled={checking || verdict === undefined || verdict.refused}
          onClick={() => attempt.mutate()}
          data-testid="try-version"
          title="Tells all instances by it beside those in use, and says what would differ"
        >
          Try it first
        </Button>
      )}
      <Button
        variant="filled"
        loading={deploy.isPending}
        disabled={checking || verdict === undefined || verdict.refused}
        onClick={() => deploy.mutate()}
        data-testid="deploy"
        title={verdict?.refused === true ? 'It has errors; mend them in the file and drop it again' : undefined}
      >
        {verdict?.deployed === undefined ? 'Deploy' : `Deploy as version ${verdict.deployed.version}`}
      </Button>
    </>
  )
}

function Review({
  draft,
  verdict,
  checking,
  error,
  onAgain,
}: {
  draft: Draft
  verdict: Verdict | undefined
  checking: boolean
  error: unknown
  onAgain: () => void
}) {
  const [selected, setSelected] = useState<string>()
  const handle = useRef<DiagramHandle>(null)
  const view = useMemo(() => findingsView(verdict?.findings ?? []), [verdict])
  const select = (element: string): void => {
    setSelected(element)
    handle.current?.reveal(element)
  }
  return (
    <div className={classes.review}>
      <DiagramFrame
        ref={handle}
        xml={draft.xml}
        view={view}
        selected={selected}
        onSelect={setSelected}
        label={`Drawing of ${draft.model.name}`}
        instead={<Empty title="This file has no drawing that can be shown">The findings say whether it can be followed anyway.</Empty>}
      />
      <aside className={classes.verdict} aria-label="Findings">
        {checking && (
          <p className={classes.summary}>
            <Loader size={14} /> Reading the model
          </p>
        )}
        {error !== null && <ProblemNote error={error} again={onAgain} />}
        {verdict !== undefined && !checking && (
          <>
            <Summary verdict={verdict} />
            <FindingList findings={verdict.findings} selected={selected} onSelect={select} />
          </>
        )}
      </aside>
    </div>
  )
}

function Summary({ verdict: { findings, refused, deployed } }: { verdict: Verdict }) {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const text = refused
    ? `It cannot be tracked as it is: ${errors === 1 ? 'one error' : `${errors} errors`}.`
    : findings.length === 0
      ? 'Nothing was found. It can be deployed.'
      : 'It can be deployed. What was found:'
  return (
    <div className={classes.summary} data-refused={refused || undefined} data-testid="verdict">
      {refused && <Sign name="error" size={15} />}
      <div>
        <p>{text}</p>
        {deployed !== undefined && deployed.models.length > 1 && (
          <p className="dim">
            The file has {deployed.models.length} processes: {deployed.models.map(({ id, name }) => name || id).join(', ')}.
          </p>
        )}
        {refused && (
          <p className="dim">
            Click a finding to see where it is. <Link to="/models">What is deployed</Link> stays as it is.
          </p>
        )}
      </div>
    </div>
  )
}
