/** BPMN files as somebody may have broken them: kinds changed, flows led elsewhere, parts lost, doubled or moved, characters changed. */

type Random = () => number

const KINDS = [
  'startEvent', 'endEvent', 'intermediateCatchEvent', 'intermediateThrowEvent', 'boundaryEvent', 'task', 'userTask', 'sendTask', 'receiveTask',
  'callActivity', 'subProcess', 'transaction', 'adHocSubProcess', 'exclusiveGateway', 'parallelGateway', 'inclusiveGateway', 'complexGateway', 'eventBasedGateway',
]
const DEFINITIONS = [
  'message', 'timer', 'signal', 'error', 'escalation', 'conditional', 'link', 'terminate', 'cancel', 'compensate',
].map((kind) => `${kind}EventDefinition`)
const FLAGS = ['isForCompensation', 'triggeredByEvent', 'cancelActivity', 'isInterrupting', 'parallelMultiple', 'isSequential', 'instantiate']
const VALUES = ['', 'P1D', 'R5/PT1S', 'PT-1H', '=x > 1', '=', '${x}', '9'.repeat(30), '\u0000', '&lt;', '-1', 'é\u202e']

const pick = <T>(items: readonly T[], random: Random): T | undefined => items[Math.floor(random() * items.length)]

/** One to six changes; the same numbers make the same file. */
export function mutate(xml: string, random: Random): string {
  let text = xml
  for (let left = 1 + Math.floor(random() * 6); left > 0; left--) text = (pick(MUTATIONS, random) ?? garbled)(text, random)
  return text
}

const MUTATIONS: readonly ((xml: string, random: Random) => string)[] = [
  (xml, random) => renamed(xml, KINDS, random),
  (xml, random) => renamed(xml, DEFINITIONS, random),
  rewired, rewired, rewired,
  (xml, random) => xml.replace(nth(xml, new RegExp(`\\b(${FLAGS.join('|')})="(true|false)"`, 'g'), random), (found) => (
    found.includes('true') ? found.replace('true', 'false') : found.replace('false', 'true')
  )),
  (xml, random) => xml.replace(nth(xml, /<[\w:]+ id="[^"]*"/g, random), (found) => `${found} ${pick(FLAGS, random)}="${random() < 0.5}"`),
  (xml, random) => xml.replace(nth(xml, /="[^"]*"/g, random), () => `="${pick(VALUES, random)}"`),
  (xml, random) => xml.replace(nth(xml, />[^<>]+</g, random), () => `>${pick(VALUES, random)}<`),
  (xml, random) => xml.replace(nth(xml, /<(?:\w+:)?\w+ [^<>]*\/>/g, random), ''),
  doubled, moved, dropped, garbled,
]

/** One element of these kinds becomes another of them, its end tag too. */
function renamed(xml: string, kinds: readonly string[], random: Random): string {
  const at = nth(xml, new RegExp(`<(?:\\w+:)?(?:${kinds.join('|')})\\b[^<>]*>`, 'g'), random)
  const kind = /^<(?:\w+:)?(\w+)/.exec(at)?.[1] ?? ''
  const [start, to] = [xml.indexOf(at), pick(kinds, random) ?? kind]
  if (start < 0) return xml
  const opened = at.replace(kind, to)
  if (at.endsWith('/>')) return xml.slice(0, start) + opened + xml.slice(start + at.length)
  const rest = xml.slice(start + at.length)
  return xml.slice(0, start) + opened + rest.replace(new RegExp(`</((?:\\w+:)?)${kind}>`), `</$1${to}>`)
}

/** A reference names another element. */
function rewired(xml: string, random: Random): string {
  const ids = [...xml.matchAll(/\bid="([^"]+)"/g)].map((match) => match[1] ?? '')
  return xml.replace(nth(xml, /\b(?:sourceRef|targetRef|attachedToRef|default|processRef|messageRef|errorRef|signalRef)="[^"]*"/g, random), (found) => (
    found.replace(/"[^"]*"/, `"${pick(ids, random) ?? ''}"`)
  ))
}

function doubled(xml: string, random: Random): string {
  const part = nth(xml, /<(?:\w+:)?(?:task|sequenceFlow|\w+Event|\w+Gateway)\b[^<>]*(?:\/>|>)/g, random)
  return xml.replace(part, () => part + part.replace(/\bid="([^"]*)"/, (_, id: string) => (random() < 0.5 ? `id="${id}"` : `id="${id}_2"`)))
}

function moved(xml: string, random: Random): string {
  const part = nth(xml, /<(?:\w+:)?sequenceFlow\b[^<>]*\/>/g, random)
  const without = xml.replace(part, '')
  const to = nth(without, /<\/(?:\w+:)?(?:subProcess|process)>/g, random)
  return without.replace(to, () => part + to)
}

function dropped(xml: string, random: Random): string {
  const from = Math.floor(random() * xml.length)
  return xml.slice(0, from) + xml.slice(from + Math.floor(random() * random() * 400))
}

function garbled(xml: string, random: Random): string {
  const at = Math.floor(random() * xml.length)
  return xml.slice(0, at) + (pick(['<', '>', '"', '&', '\u0000', 'x', ' ', '/', '\ud800'], random) ?? '') + xml.slice(at + 1)
}

/** One of the parts that match; where none does, something that no file holds. */
function nth(xml: string, pattern: RegExp, random: Random): string {
  return pick([...xml.matchAll(pattern)].map((match) => match[0]), random) ?? '\uffff'
}
