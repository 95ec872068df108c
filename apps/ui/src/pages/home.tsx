import { useQuery } from '@tanstack/react-query'
import { Navigate } from '@tanstack/react-router'
import { ProblemNote } from '../parts/problem-note.js'
import { modelsQuery } from '../queries.js'
import { StartPage } from './start.js'

/** Where a person lands: the flow of the model where most is going on, or the first start. */
export function HomePage() {
  const { data: models, error, refetch } = useQuery(modelsQuery)
  if (models === undefined) return error === null ? null : <ProblemNote error={error} again={() => void refetch()} />
  const busiest = [...models].sort((a, b) => b.active - a.active || b.completed - a.completed)[0]
  if (busiest === undefined) return <StartPage />
  return <Navigate to="/flow/$model" params={{ model: busiest.id }} replace />
}
