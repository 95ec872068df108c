import { ActionIcon, Tooltip } from '@mantine/core'
import { useEffect, useRef, type ReactNode } from 'react'
import { IconX } from '../icons.js'
import classes from './split.module.css'

/** A list or a canvas, and beside it (below it, where there is no room) the details of what was chosen. Nothing is covered. */
export function Split({ panel, wide = false, children }: { panel: ReactNode; wide?: boolean; children: ReactNode }) {
  const open = panel !== undefined && panel !== null && panel !== false
  return (
    <div className={classes.split} data-open={open || undefined} data-wide={wide || undefined}>
      <div className={classes.main}>{children}</div>
      {open && panel}
    </div>
  )
}

interface SidePanelProps {
  label: string
  title: ReactNode
  below?: ReactNode
  onClose: () => void
  testId: string
  children: ReactNode
}

/** The details, with their name on top; Esc closes them. */
export function SidePanel({ label, title, below, onClose, testId, children }: SidePanelProps) {
  useEscape(onClose)
  return (
    <aside className={classes.panel} aria-label={label} data-testid={testId}>
      <header className={classes.head}>
        <div>
          <h2>{title}</h2>
          {below}
        </div>
        <Tooltip label="Close (Esc)">
          <ActionIcon onClick={onClose} aria-label="Close the panel">
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </header>
      {children}
    </aside>
  )
}

function useEscape(leave: () => void): void {
  const latest = useRef(leave)
  useEffect(() => {
    latest.current = leave
  })
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      // A dialog or list that is open above the page takes the key first.
      const taken =
        event.defaultPrevented
        || [...document.querySelectorAll('[role="dialog"], [role="listbox"]')].some((above) => above.checkVisibility())
      if (event.key === 'Escape' && !taken) latest.current()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
}
