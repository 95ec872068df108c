import type { Flow } from '@tidemark/api'
import { useEffect, useMemo, useRef } from 'react'
import type { DiagramHandle } from '../diagram/diagram.js'
import { flowView } from '../diagram/lens.js'
import { emptyView } from '../diagram/view.js'
import { live } from '../live.js'
import { DiagramFrame } from '../parts/diagram-frame.js'
import type { Lens } from '../search.js'
import { ElementTable } from './element-table.js'
import { Legend } from './legend.js'

interface CanvasProps {
  flow: Flow | undefined
  xml: string | undefined
  failed: unknown
  lens: Lens
  model: string
  /** What moves is shown, where now is. */
  isNow: boolean
  name: string
  selected: string | undefined
  onSelect: (element: string | undefined) => void
}

/** The diagram of the flow: what the tracker tells goes to it as a view and as moves. */
export function FlowCanvas({ flow, xml, failed, lens, model, isNow, name, selected, onSelect }: CanvasProps) {
  const view = useMemo(() => (flow === undefined ? emptyView : flowView(flow, lens)), [flow, lens])
  const handle = useRef<DiagramHandle>(null)
  const version = flow?.version
  useEffect(
    () =>
      live.onMoved((moved) => {
        if (isNow && moved.model === model && moved.version === version) handle.current?.move(moved.moves.map(({ flows }) => flows))
      }),
    [model, version, isNow],
  )
  useEffect(() => {
    // After the panel has taken its place, so that the element is in what is left.
    if (selected !== undefined) requestAnimationFrame(() => handle.current?.reveal(selected))
  }, [selected])
  // Only flow nodes have figures: a click on a pool or lane is a click beside them.
  const select = (element: string | undefined): void =>
    onSelect(flow?.elements.some((known) => known.element === element) ? element : undefined)
  if (failed !== null) return <ElementTable flow={flow} lens={lens} selected={selected} onSelect={onSelect} />
  return (
    <DiagramFrame
      ref={handle}
      xml={xml}
      view={view}
      selected={selected}
      onSelect={select}
      label={`Live flow of ${name}`}
      legend={<Legend lens={lens} />}
      instead={
        <ElementTable
          flow={flow}
          lens={lens}
          selected={selected}
          onSelect={onSelect}
          note="This model has no drawing, so its elements are listed."
        />
      }
    />
  )
}
