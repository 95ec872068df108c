import { Kbd, Modal } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import classes from './frame.module.css'

/** `g` and then one of these, within a second. */
const places = {
  f: ['/flow', 'Live flow'],
  i: ['/instances', 'Instances'],
  a: ['/alerts', 'Alerts'],
  c: ['/commands', 'Commands'],
  e: ['/events', 'Events'],
  m: ['/models', 'Models'],
} as const
const chordMs = 1_000

/** The keys that work on every page, and their help. Keys typed into a field stay there. */
export function Shortcuts() {
  const navigate = useNavigate()
  const [help, setHelp] = useState(false)
  const chord = useRef(0)
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      const going = event.timeStamp - chord.current < chordMs
      chord.current = 0
      const place = going ? places[event.key as keyof typeof places] : undefined
      if (place !== undefined) void navigate({ to: place[0] })
      else if (event.key === 'g') chord.current = event.timeStamp
      else if (event.key === '?') setHelp(true)
      else if (event.key === '/') document.getElementById('search')?.focus()
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [navigate])
  return (
    <Modal opened={help} onClose={() => setHelp(false)} title="Keys" centered>
      <dl className={classes.keys}>
        {Object.entries(places).map(([key, [, name]]) => (
          <div key={key}>
            <dt>
              <Kbd>g</Kbd> <Kbd>{key}</Kbd>
            </dt>
            <dd>{name}</dd>
          </div>
        ))}
        <div>
          <dt>
            <Kbd>/</Kbd>
          </dt>
          <dd>Find an instance by its key</dd>
        </div>
        <div>
          <dt>
            <Kbd>Esc</Kbd>
          </dt>
          <dd>Close a panel, leave a field</dd>
        </div>
        <div>
          <dt>
            <Kbd>+</Kbd> <Kbd>-</Kbd> <Kbd>0</Kbd>
          </dt>
          <dd>Zoom the diagram, show all of it</dd>
        </div>
        <div>
          <dt>
            <Kbd>?</Kbd>
          </dt>
          <dd>This help</dd>
        </div>
      </dl>
    </Modal>
  )
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
