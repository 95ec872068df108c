import { Button, Group, Loader } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Shadow, ShadowComparison, ShadowFigures, ShadowSample } from '@tidemark/api'
import { post } from '../api.js'
import { ProblemNote } from '../parts/problem-note.js'
import { shadowQuery } from '../queries.js'
import classes from './trial.module.css'

const figureNames: readonly (readonly [keyof ShadowFigures, string])[] = [
  ['active', 'Active'], ['completed', 'Completed'], ['terminated', 'Terminated'], ['stuck', 'Stuck'], ['late', 'Late'], ['deviating', 'Deviating'],
]

/** A new version that is tried beside the one in use: how far it is, what would differ, and what to do about it. */
export function Trial({ model }: { model: string }) {
  const { data: shadow, error, refetch } = useQuery(shadowQuery(model))
  if (error !== null) return <ProblemNote error={error} again={() => void refetch()} />
  if (shadow === undefined || shadow.status === 'accepted' || shadow.status === 'dropped') return null
  return (
    <section className={classes.trial} aria-label={`Version ${shadow.version} is tried`} data-testid="trial">
      <header className={classes.head}>
        <h3>Version {shadow.version}, tried beside the one in use</h3>
        <State shadow={shadow} />
        {shadow.status === 'ready' && <Decision model={model} shadow={shadow} />}
      </header>
      {shadow.status === 'ready' && shadow.comparison !== undefined && <Comparison comparison={shadow.comparison} />}
    </section>
  )
}

function State({ shadow: { status, done, total, error, comparison } }: { shadow: Shadow }) {
  if (status === 'failed') return <p className={classes.said}>It failed: {error} What is in use is as it was.</p>
  if (status === 'ready' && comparison !== undefined) {
    return (
      <p className={classes.said} data-testid="trial-verdict">
        {comparison.different === 0
          ? `All ${comparison.same.toLocaleString('en')} instances are told as before.`
          : `${comparison.different.toLocaleString('en')} of ${(comparison.same + comparison.different).toLocaleString('en')} instances would be told otherwise.`}
      </p>
    )
  }
  const text = status === 'accepting' ? 'Takes the place of what is in use' : status === 'dropping' ? 'Is forgotten' : 'Reads the log'
  return (
    <p className={classes.said}>
      <Loader size={12} /> {text}: {done.toLocaleString('en')} of {total.toLocaleString('en')} entries
    </p>
  )
}

function Decision({ model, shadow }: { model: string; shadow: Shadow }) {
  const client = useQueryClient()
  const act = useMutation({
    mutationFn: ({ path, body }: { path: string; body: object }) => post(`/models/${encodeURIComponent(model)}/shadow/${path}`, body),
    onSettled: () => client.invalidateQueries(),
    onError: (error) => notifications.show({ title: 'Not done', message: error.message, color: 'red' }),
  })
  const button = (label: string, path: string, body: object, title: string, variant: 'filled' | 'default' | 'subtle') => (
    <Button size="compact-sm" variant={variant} disabled={act.isPending} title={title} onClick={() => act.mutate({ path, body })}>
      {label}
    </Button>
  )
  return (
    <Group gap={6} className={classes.decision}>
      {button('Drop', 'drop', {}, 'Forgets it; what is in use stays', 'subtle')}
      {button('For new instances', 'accept', { instances: 'stay' }, 'Deploys it for instances that begin from now on', 'default')}
      {button(`Accept version ${shadow.version}`, 'accept', { instances: 'move' }, 'Deploys it, and shows all instances as it tells them', 'filled')}
    </Group>
  )
}

function Comparison({ comparison: { before, after, deviations, samples } }: { comparison: ShadowComparison }) {
  const rows = [
    ...figureNames.map(([name, label]) => ({ label, had: before[name], has: after[name] })),
    ...deviations.map(({ kind, element, before: had, after: has }) => ({ label: `${kind} at ${element}`, had, has })),
  ].filter(({ had, has }) => had !== has)
  return (
    <div className={classes.comparison}>
      {rows.length > 0 && (
        <table className={classes.table}>
          <caption>Instances that are…</caption>
          <thead><tr><th scope="col" /><th scope="col">in use</th><th scope="col">tried</th><th scope="col">change</th></tr></thead>
          <tbody>
            {rows.map(({ label, had, has }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td className="number">{had.toLocaleString('en')}</td>
                <td className="number">{has.toLocaleString('en')}</td>
                <td className="number">{has > had ? '+' : '−'}{Math.abs(has - had).toLocaleString('en')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {samples.length > 0 && (
        <table className={classes.table}>
          <caption>For example</caption>
          <thead><tr><th scope="col">instance</th><th scope="col">in use</th><th scope="col">tried</th></tr></thead>
          <tbody>
            {samples.map((sample) => (
              <tr key={`${sample.key} ${sample.instance ?? ''}`} data-testid="trial-sample">
                <th scope="row">
                  {sample.instance === undefined ? sample.key : <Link to="/instances/$id" params={{ id: sample.instance }}>{sample.key}</Link>}
                </th>
                <td>{toldOf(sample.before)}</td>
                <td>{toldOf(sample.after)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

function toldOf(told: ShadowSample['before']): string {
  if (told === undefined) return '–'
  const { status, at, deviations, stuck, late } = told
  const parts = [status + (at.length === 0 ? '' : ` at ${at.join(', ')}`)]
  if (stuck) parts.push('stuck')
  if (late) parts.push('late')
  if (deviations > 0) parts.push(deviations === 1 ? 'a deviation' : `${deviations} deviations`)
  return parts.join(', ')
}
