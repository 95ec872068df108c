import { Button } from '@mantine/core'
import { ApiError } from '../api.js'
import classes from './empty.module.css'
import { Sign } from './sign.js'

/** An error of the API where its answer would have stood: what it said, and a way to try again. */
export function ProblemNote({ error, again }: { error: unknown; again?: () => void }) {
  return (
    <div className={classes.problem} role="alert" data-testid="problem">
      <Sign name="error" size={15} />
      <div>
        <h2>{titleOf(error)}</h2>
        <p>{error instanceof Error ? error.message : String(error)}</p>
      </div>
      {again !== undefined && <Button onClick={again}>Try again</Button>}
    </div>
  )
}

export function titleOf(error: unknown): string {
  if (!(error instanceof ApiError)) return 'Something in this page failed'
  if (error.status === 0) return 'No connection to the tracker'
  if (error.status === 401) return 'A token is needed'
  return error.problem?.title ?? `The tracker answered ${error.status}`
}
