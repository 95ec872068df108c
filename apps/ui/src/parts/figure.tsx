import { Link } from '@tanstack/react-router'
import type { InstanceSearch } from '../search.js'
import type { SignName } from '../signs.js'
import classes from './figure.module.css'
import { Sign } from './sign.js'

/** A number of the header that leads to the instances it counts. Its place does not move while it loads. */
export function Figure({
  name,
  value,
  sign,
  search,
}: {
  name: string
  value: number | undefined
  sign?: SignName
  search: InstanceSearch
}) {
  return (
    <Link
      to="/instances"
      search={search}
      className={classes.figure}
      data-sign={sign}
      data-zero={value === 0 || undefined}
      data-testid={`figure-${name.toLowerCase()}`}
    >
      <span className={classes.value}>
        {sign !== undefined && <Sign name={sign} />}
        {value === undefined ? '–' : value.toLocaleString('en')}
      </span>
      <span className={classes.name}>{name}</span>
    </Link>
  )
}
