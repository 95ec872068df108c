import type { ElementFlow, Flow } from '@tidemark/api'
import type { Lens } from '../search.js'
import { briefDurationText, durationText } from '../times.js'
import type { DiagramView, ElementView, FlowView, Mark, Paint } from './view.js'

/** The live flow seen through a lens: counts of what is here now, or a figure that heats the elements. */
export function flowView(flow: Flow, lens: Lens): DiagramView {
  const elements = new Map<string, ElementView>()
  const level = levelsOf(flow.elements, lens)
  for (const element of flow.elements) {
    const view = elementView(element, lens, level)
    if (view !== undefined) elements.set(element.element, view)
  }
  return { elements, flows: flowBands(flow) }
}

/** The figure that a lens heats by; undefined where an element has none. */
export function measureOf(element: ElementFlow, lens: Lens): number | undefined {
  switch (lens) {
    case 'counts':
      return element.tokens
    case 'waits':
      return element.tokens > 0 ? element.waitP95Ms : undefined
    case 'durations':
      return element.durationP95Ms
    case 'visits':
      return element.visits > 0 ? element.visits : undefined
  }
}

function elementView(element: ElementFlow, lens: Lens, level: (measure: number) => 1 | 2 | 3 | 4 | 5): ElementView | undefined {
  const marks = lens === 'counts' || lens === 'waits' ? marksOf(element) : []
  if (lens === 'counts') {
    if (element.tokens === 0 && marks.length === 0) return undefined
    if (element.tokens === 0) return { paint: [], marks }
    return {
      paint: [],
      marks,
      pill: { tone: 'tokens', text: compact(element.tokens), title: `${many(element.tokens, 'instance')} here now` },
    }
  }
  const measure = measureOf(element, lens)
  if (measure === undefined) return marks.length === 0 ? undefined : { paint: [], marks }
  const scale = lens === 'visits' ? 'volume' : 'heat'
  return {
    paint: [`${scale}-${level(measure)}` as Paint],
    marks,
    pill: { tone: 'measure', text: lens === 'visits' ? compact(measure) : briefDurationText(measure), title: measureTitle(element, lens) },
  }
}

function marksOf(element: ElementFlow): Mark[] {
  const marks: Mark[] = []
  if (element.stuck > 0) marks.push({ kind: 'stuck', text: compact(element.stuck), title: `${many(element.stuck, 'instance')} stuck here` })
  if (element.late > 0) marks.push({ kind: 'late', text: compact(element.late), title: `${many(element.late, 'instance')} late here` })
  if (element.deviating > 0) {
    marks.push({ kind: 'deviating', text: compact(element.deviating), title: `${many(element.deviating, 'instance')} left the model here` })
  }
  return marks
}

function measureTitle(element: ElementFlow, lens: Lens): string {
  if (lens === 'visits') return `${many(element.visits, 'visit')} so far`
  const [p50, p95, what] =
    lens === 'waits'
      ? [element.waitP50Ms, element.waitP95Ms, `${many(element.tokens, 'instance')} waiting`]
      : [element.durationP50Ms, element.durationP95Ms, 'finished stays']
  return `${what}: half within ${p50 === undefined ? 'an unknown time' : durationText(p50)}, 95 % within ${durationText(p95 ?? 0)}`
}

/** What is this many times smaller than the largest is as cold as can be; nearer ones differ by less, so that 22 and 29 days look alike. */
const coldRatio = 50

/** Five levels on a logarithmic scale up to the largest: process times span minutes to weeks. */
function levelsOf(elements: readonly ElementFlow[], lens: Lens): (measure: number) => 1 | 2 | 3 | 4 | 5 {
  const measures = elements.map((element) => measureOf(element, lens) ?? 0).filter((measure) => measure > 0)
  const high = Math.log(Math.max(...measures, 1))
  const low = high - Math.log(coldRatio)
  return (measure) => {
    const share = (Math.log(Math.max(measure, 1)) - low) / (high - low)
    return (1 + Math.max(0, Math.min(4, Math.floor(share * 5)))) as 1 | 2 | 3 | 4 | 5
  }
}

function flowBands(flow: Flow): Map<string, FlowView> {
  const most = Math.max(...flow.flows.map(({ count }) => count), 1)
  const bands = new Map<string, FlowView>()
  for (const { flow: id, count } of flow.flows) {
    if (count === 0) continue
    // A twentieth at least, or a rare path would be invisible; in steps, or each event would repaint each flow.
    const weight = Math.max(0.05, Math.round((count / most) * 40) / 40)
    bands.set(id, { paint: [], weight, label: compact(count), title: `Taken ${many(count, 'time')}` })
  }
  return bands
}

/** 999, 1.2k, 38k, 1.2M: what fits on a diagram. */
export function compact(count: number): string {
  if (count < 1000) return String(count)
  if (count < 999_500) return count < 9_950 ? `${trimmed(count / 1000)}k` : `${Math.round(count / 1000)}k`
  return `${trimmed(count / 1_000_000)}M`
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '')
}

function many(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`
}
