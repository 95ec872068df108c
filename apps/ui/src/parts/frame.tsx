import { ActionIcon, TextInput, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { IconHelp, IconSearch } from '../icons.js'
import { statusQuery } from '../queries.js'
import { useLiveRefresh } from '../refresh.js'
import { Connection, DomainClock } from './connection.js'
import { faultCount } from './fault-count.js'
import classes from './frame.module.css'
import { SchemeToggle } from './scheme-toggle.js'
import { Shortcuts } from './shortcuts.js'
import { TokenDialog } from './token-dialog.js'
import { Wordmark } from './wordmark.js'

/** What stands around every page. */
export function Frame() {
  useLiveRefresh()
  const { data: status } = useQuery(statusQuery)
  const faults = faultCount(status)
  return (
    <div className={classes.frame}>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className={classes.top}>
        <Link to="/" className={classes.home} aria-label="Tidemark, home">
          <Wordmark />
        </Link>
        <nav className={classes.nav} aria-label="Pages">
          <Place to="/flow" name="Flow" />
          <Place to="/instances" name="Instances" />
          <Place to="/alerts" name="Alerts" count={status?.openAlerts} tone="late" what="open" />
          <Place to="/commands" name="Commands" count={status?.proposedCommands} tone="stuck" what="waiting for approval" />
          <Place to="/events" name="Events" />
          <Place to="/models" name="Models" />
          {faults > 0 && <Place to="/faults" name="Faults" count={faults} tone="late" what="that cannot be followed" />}
        </nav>
        <Search />
        <DomainClock />
        <Connection />
        <span className={classes.tools}>
          <SchemeToggle />
          <Tooltip label="Keys (?)">
            <ActionIcon aria-label="Keys" onClick={() => document.dispatchEvent(new KeyboardEvent('keydown', { key: '?' }))}>
              <IconHelp size={17} />
            </ActionIcon>
          </Tooltip>
        </span>
      </header>
      <main id="content" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
      <Shortcuts />
      <TokenDialog />
    </div>
  )
}

function Place({ to, name, count, tone, what }: { to: string; name: string; count?: number | undefined; tone?: string; what?: string }) {
  return (
    <Link to={to} className={classes.place} activeProps={{ 'data-active': true, 'aria-current': 'page' }}>
      {name}
      {count !== undefined && count > 0 && (
        <span className={classes.placeCount} data-tone={tone} title={`${count} ${what}`}>
          {count > 999 ? '999+' : count}
        </span>
      )}
    </Link>
  )
}

/** Finds instances by any of their keys. */
function Search() {
  const navigate = useNavigate()
  const [key, setKey] = useState('')
  const submit = (event: React.FormEvent): void => {
    event.preventDefault()
    if (key.trim() === '') return
    void navigate({ to: '/instances', search: { key: key.trim() } })
    setKey('')
  }
  return (
    <form className={classes.search} role="search" onSubmit={submit}>
      <TextInput
        id="search"
        aria-label="Find an instance by its key"
        placeholder="Find by key"
        value={key}
        leftSection={<IconSearch size={14} />}
        rightSection={<kbd className={classes.slash}>/</kbd>}
        onChange={(event) => setKey(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
    </form>
  )
}
