/** Which item something is said of, where the model follows items one by one: refused where that would say nothing. */
import type { Instance } from '@tidemark/api'
import { modelsAround, type TrackedModel } from '@tidemark/bpmn'

/** A person reads so many. */
const MAX_NAMED = 20

export interface SaidOfElements {
  readonly elements: readonly string[]
  readonly item: string | undefined
}

/**
 * Answers what is wrong with it; undefined where it can be said.
 * @param says whether a model, of the whole or of one pass through such a part, knows what is said
 * @param nothing what is wrong where none does
 * @param read the instance as it was at the moment that is spoken of; asked only where items are concerned
 */
export async function whyNotSaid(
  { elements, item }: SaidOfElements, model: TrackedModel, says: (model: TrackedModel) => boolean, nothing: string, read: () => Promise<Instance>,
): Promise<string | undefined> {
  const [whole, ...inside] = modelsAround(model, elements)
  const isSaidOfWhole = whole !== undefined && says(whole)
  const isSaidOfItems = inside.some(says)
  if (!isSaidOfWhole && !isSaidOfItems) return nothing
  if (item === undefined && isSaidOfWhole) return undefined
  const where = elements.join(', ')
  if (!isSaidOfItems) return `${where}: what is said there is said of the whole instance, not of one item. Leave the item out.`
  const members = model.itemsAround(elements[0] ?? '')?.members ?? new Set()
  const atWork = [...new Set((await read()).tokens.flatMap((token) => (token.item === undefined || !members.has(token.element) ? [] : [token.item])))]
  if (atWork.length === 0) return `No item is at work at ${where}: of one that has not begun or is over nothing can be said.`
  const named = `${atWork.slice(0, MAX_NAMED).join(', ')}${atWork.length > MAX_NAMED ? ` and ${atWork.length - MAX_NAMED} others` : ''}`
  if (item !== undefined) return atWork.some((name) => isWithin(name, item)) ? undefined : `Item ${item} is not at work at ${where}: at work is ${named}.`
  const outermost = atWork.filter((name) => !atWork.some((other) => other !== name && isWithin(name, other)))
  return outermost.length === 1 ? undefined : `Several items are at work at ${where}: say which one is meant of ${named}.`
}

/** It is that item, or one of the items that it has itself. */
function isWithin(name: string, item: string): boolean {
  return name === item || name.startsWith(`${item} / `)
}
