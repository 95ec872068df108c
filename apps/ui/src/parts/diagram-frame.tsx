import { ActionIcon, Tooltip } from '@mantine/core'
import { lazy, Suspense, useEffect, useImperativeHandle, useRef, useState, type ReactNode } from 'react'
import type { DiagramHandle, DiagramProps } from '../diagram/diagram.js'
import { IconFocus2, IconMinus, IconPlus } from '../icons.js'
import classes from './diagram-frame.module.css'
import { Empty } from './empty.js'
import { isTyping } from './shortcuts.js'

const Diagram = lazy(() => import('../diagram/diagram.js'))

interface DiagramFrameProps extends Omit<DiagramProps, 'xml' | 'onFailed'> {
  /** Undefined while it loads. */
  xml: string | undefined
  /** Lower left; the lower right corner belongs to the bpmn.io mark. */
  legend?: ReactNode
  /** In place of a drawing that the model does not have. */
  instead?: ReactNode
}

/** The canvas with its zoom buttons. Keys: + - 0. */
export function DiagramFrame({ xml, legend, instead, ref, ...props }: DiagramFrameProps) {
  const handle = useRef<DiagramHandle>(null)
  const [failure, setFailure] = useState<{ xml: string; reason: string }>()
  useImperativeHandle(
    ref,
    () => ({
      fit: () => handle.current?.fit(),
      zoomIn: () => handle.current?.zoomIn(),
      zoomOut: () => handle.current?.zoomOut(),
      reveal: (element) => handle.current?.reveal(element),
      move: (moves) => handle.current?.move(moves),
    }),
    [],
  )
  useZoomKeys(handle)
  if (failure !== undefined && failure.xml === xml) {
    return (
      <div className={classes.frame}>
        {instead ?? <Empty title={failure.reason}>Draw it in any BPMN editor and deploy it again; it is followed in the meantime.</Empty>}
      </div>
    )
  }
  return (
    <div className={classes.frame}>
      {xml !== undefined && (
        <Suspense fallback={null}>
          <Diagram {...props} xml={xml} ref={handle} onFailed={(reason) => setFailure({ xml, reason })} />
        </Suspense>
      )}
      <div className={classes.zoom} role="group" aria-label="Zoom">
        <Control label="Zoom in (+)" onClick={() => handle.current?.zoomIn()}>
          <IconPlus size={15} />
        </Control>
        <Control label="Zoom out (-)" onClick={() => handle.current?.zoomOut()}>
          <IconMinus size={15} />
        </Control>
        <Control label="Show all (0)" onClick={() => handle.current?.fit()}>
          <IconFocus2 size={15} />
        </Control>
      </div>
      {legend !== undefined && <div className={classes.legend}>{legend}</div>}
    </div>
  )
}

function Control({ label, onClick, children }: { label: string; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label} position="left">
      <ActionIcon variant="default" onClick={onClick} aria-label={label}>
        {children}
      </ActionIcon>
    </Tooltip>
  )
}

function useZoomKeys(handle: React.RefObject<DiagramHandle | null>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (event.key === '+' || event.key === '=') handle.current?.zoomIn()
      else if (event.key === '-') handle.current?.zoomOut()
      else if (event.key === '0') handle.current?.fit()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [handle])
}
