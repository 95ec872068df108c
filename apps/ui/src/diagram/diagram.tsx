import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react'
import type { Move } from './modules/travellers.js'
import { Drawing } from './viewer.js'
import type { DiagramView } from './view.js'

export interface DiagramHandle {
  fit(): void
  zoomIn(): void
  zoomOut(): void
  reveal(element: string): void
  move(moves: readonly Move[]): void
}

export interface DiagramProps {
  /** BPMN XML with a drawing; another text is another drawing. */
  xml: string
  view: DiagramView
  selected?: string | undefined
  hovered?: string | undefined
  onSelect?: (element: string | undefined) => void
  onHover?: (element: string | undefined) => void
  /** Nothing can be drawn: why. */
  onFailed?: (reason: string) => void
  label: string
  /** What the view does not speak of steps back: for a path. */
  receding?: boolean
  ref?: Ref<DiagramHandle>
}

/** The one place where React meets the canvas: it hands the wanted view on and renders nothing inside. */
export default function Diagram({ xml, view, selected, hovered, onSelect, onHover, onFailed, label, receding, ref }: DiagramProps) {
  const container = useRef<HTMLDivElement>(null)
  const drawing = useRef<Drawing>(undefined)
  const listeners = useRef({ onSelect, onHover, onFailed })
  const [opened, setOpened] = useState<string>()

  useEffect(() => {
    listeners.current = { onSelect, onHover, onFailed }
  })

  useEffect(() => {
    const made = new Drawing(container.current!, {
      selected: (element) => listeners.current.onSelect?.(element),
      hovered: (element) => listeners.current.onHover?.(element),
    })
    drawing.current = made
    return () => {
      drawing.current = undefined
      made.destroy()
    }
  }, [])

  useEffect(() => {
    let current = true
    drawing.current?.open(xml).then(
      () => current && setOpened(xml),
      (error: unknown) => current && listeners.current.onFailed?.(error instanceof Error ? error.message : String(error)),
    )
    return () => {
      current = false
    }
  }, [xml])

  useEffect(() => {
    if (opened === xml) drawing.current?.show(view)
  }, [opened, xml, view])

  useEffect(() => {
    if (opened === xml) drawing.current?.emphasise({ selected, hovered })
  }, [opened, xml, selected, hovered])

  useImperativeHandle(ref, () => ({
    fit: () => drawing.current?.fit(),
    zoomIn: () => drawing.current?.zoomIn(),
    zoomOut: () => drawing.current?.zoomOut(),
    reveal: (element) => drawing.current?.reveal(element),
    move: (moves) => drawing.current?.move(moves),
  }), [])

  return (
    <div
      ref={container} role="group" aria-label={label} data-testid="diagram" data-opened={opened === xml} data-receding={receding}
      style={{ width: '100%', height: '100%' }}
    />
  )
}
