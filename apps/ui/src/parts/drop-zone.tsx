import { useRef, useState, type ReactNode } from 'react'
import classes from './drop-zone.module.css'

interface DropZoneProps {
  onFiles: (files: readonly File[]) => void
  children: ReactNode
  compact?: boolean
}

/** Takes files dropped on it, or chosen with a click or the keyboard. */
export function DropZone({ onFiles, children, compact = false }: DropZoneProps) {
  const input = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  const take = (list: FileList | null): void => {
    if (list !== null && list.length > 0) onFiles([...list])
  }
  return (
    <div
      className={classes.zone}
      data-over={over || undefined}
      data-compact={compact || undefined}
      data-testid="drop-zone"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        take(event.dataTransfer.files)
      }}
    >
      <button type="button" className={classes.button} onClick={() => input.current?.click()}>
        {children}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        accept=".bpmn,.bpmn20.xml,.dmn,.xml,.yaml,.yml,.json"
        className="hidden-text"
        tabIndex={-1}
        aria-label="BPMN file, and a mapping file where there is one"
        onChange={(event) => {
          take(event.currentTarget.files)
          event.currentTarget.value = ''
        }}
      />
    </div>
  )
}
