import { Group, Select, Text } from '@mantine/core'
import type { Instance } from '@tidemark/api'
import { useState } from 'react'
import { post } from '../api.js'
import { Ask } from '../parts/ask.js'
import { Section } from '../parts/page.js'

interface Choice {
  /** What is sent beside who and why. */
  readonly said: Readonly<Record<string, unknown>>
  readonly label: string
}

interface Saying {
  readonly name: string
  readonly button: string
  readonly question: string
  readonly choices: readonly Choice[]
}

/** What a person can say of an instance that no event says: it joins the story as an entry of its own. */
export function Corrections({ instance }: { instance: Instance }) {
  const sayings = asksOf(instance).filter(({ choices }) => choices.length > 0)
  return (
    <Section title="What you know better">
      <Group gap={6}>
        {sayings.map((saying) => (
          <Said key={saying.name} instance={instance} saying={saying} />
        ))}
      </Group>
    </Section>
  )
}

function Said({ instance, saying }: { instance: Instance; saying: Saying }) {
  const { name, button, question, choices } = saying
  const [chosen, setChosen] = useState<string | null>(null)
  const [only] = choices
  const choice = choices.length === 1 ? only : choices[Number(chosen ?? -1)]
  return (
    <Ask
      testId={`correct-${name}`}
      button={button}
      question={question}
      done={`Said of ${instance.key}: ${choice?.label ?? button}`}
      act={(comment) =>
        post(`/instances/${encodeURIComponent(instance.id)}/corrections`, { ...choice?.said, ...(comment === undefined ? {} : { comment }) })
      }
      incomplete={choice === undefined}
      commentHint="Why; it is kept with the entry"
      onClosed={() => setChosen(null)}
    >
      {choices.length > 1 ? (
        <Select
          aria-label={question}
          data={choices.map(({ label }, index) => ({ value: String(index), label }))}
          value={chosen}
          onChange={setChosen}
          comboboxProps={{ withinPortal: false }}
          searchable
          data-autofocus
        />
      ) : (
        <Text size="sm">
          <b>{only?.label}</b>
        </Text>
      )}
    </Ask>
  )
}

/** An element, or one item at it. */
interface Place {
  readonly element: string
  readonly name: string
  readonly item?: string | undefined
}

function itemOf({ item }: Place): { readonly item?: string } {
  // One that no event names can only be meant without a name.
  return item === undefined || item === '' ? {} : { item }
}

function labelOf({ element, name, item }: Place): string {
  return `${name || element}${item === undefined ? '' : ` ${item}`}`
}

/** What there is to say of it now. */
export function asksOf(instance: Instance): readonly Saying[] {
  const { deviationList, expected, events, status, visits, tokens } = instance
  const awaited = expected.flatMap(({ items, ...place }): Place[] => (items === undefined ? [place] : items.map((item) => ({ ...place, item }))))
  // Of an item that is over nothing is said any more.
  const atWork = new Set([undefined, ...tokens.map(({ item }) => item)])
  const places = new Map([...visits.filter(({ item }) => atWork.has(item)), ...awaited, ...tokens].map((place) => [`${place.element} ${place.item}`, place]))
  const isActive = status === 'active'
  return [
    {
      name: 'accept', button: 'Accept a deviation', question: 'Which deviation is normal here? It is shown, and counts no more.',
      // What is normal at an element is so for each of its items.
      choices: [...new Map(deviationList.filter(({ accepted }) => !accepted).map(({ kind, element, text }) => (
        [`${kind} ${element}`, { said: { what: 'accept', kind, element }, label: text }]))).values()],
    },
    {
      name: 'done', button: 'A step was done', question: 'Which step was done, although its event will not come?',
      choices: isActive ? awaited.map((place) => ({ said: { what: 'done', element: place.element, ...itemOf(place) }, label: labelOf(place) })) : [],
    },
    {
      name: 'set-aside', button: 'Set aside', question: 'Which event does not belong, or what was said and is taken back?',
      choices: events.map(({ position, type, text }) => ({ said: { what: 'setAside', position }, label: `${position} ${type}: ${text}` })).reverse(),
    },
    {
      name: 'move', button: 'Move it', question: 'Where is it really?',
      choices: [...places.values()].map((place) => ({ said: { what: 'move', elements: [place.element], ...itemOf(place) }, label: labelOf(place) })),
    },
    {
      name: 'end', button: 'End it', question: 'Is it over? Then nothing is due and nothing is sent any more.',
      choices: isActive ? [{ said: { what: 'end' }, label: `End ${instance.key}` }] : [],
    },
  ]
}
