import { Button, Group, Popover, Select, Stack, Text, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Instance } from '@tidemark/api'
import { useState } from 'react'
import { post } from '../api.js'
import { Section } from '../parts/page.js'
import { titleOf } from '../parts/problem-note.js'

interface Choice {
  /** What is sent beside who and why. */
  readonly said: Readonly<Record<string, unknown>>
  readonly label: string
}

interface Ask {
  readonly name: string
  readonly button: string
  readonly question: string
  readonly choices: readonly Choice[]
}

/** What a person can say of an instance that no event says: it joins the story as an entry of its own. */
export function Corrections({ instance }: { instance: Instance }) {
  const asks = asksOf(instance).filter(({ choices }) => choices.length > 0)
  return (
    <Section title="What you know better">
      <Group gap={6}>
        {asks.map((ask) => (
          <Said key={ask.name} instance={instance} ask={ask} />
        ))}
      </Group>
    </Section>
  )
}

function Said({ instance, ask }: { instance: Instance; ask: Ask }) {
  const [open, setOpen] = useState(false)
  const [chosen, setChosen] = useState<string | null>(null)
  const [comment, setComment] = useState('')
  const client = useQueryClient()
  const [only] = ask.choices
  const choice = ask.choices.length === 1 ? only : ask.choices[Number(chosen ?? -1)]
  const say = useMutation({
    mutationFn: () =>
      post(`/instances/${encodeURIComponent(instance.id)}/corrections`, {
        ...choice?.said,
        ...(comment.trim() === '' ? {} : { comment: comment.trim() }),
      }),
    onSuccess: () => notifications.show({ message: `Said of ${instance.key}: ${choice?.label ?? ask.button}` }),
    onError: (error) => notifications.show({ title: titleOf(error), message: error.message, color: 'red' }),
    onSettled: () => {
      setOpen(false)
      setChosen(null)
      setComment('')
      void client.invalidateQueries()
    },
  })
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width={320} trapFocus withinPortal returnFocus>
      <Popover.Target>
        <Button variant="default" size="compact-sm" onClick={() => setOpen(!open)} loading={say.isPending} data-testid={`correct-${ask.name}`}>
          {ask.button}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={8}>
          <Text size="sm">{ask.question}</Text>
          {ask.choices.length > 1 ? (
            <Select
              aria-label={ask.question}
              data={ask.choices.map(({ label }, index) => ({ value: String(index), label }))}
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
          <Textarea
            aria-label="Comment"
            placeholder="Why; it is kept with the entry"
            autosize
            minRows={2}
            value={comment}
            onChange={(event) => setComment(event.currentTarget.value)}
            maxLength={1000}
          />
          <Group gap={6}>
            <Button
              variant="filled"
              size="compact-sm"
              onClick={() => say.mutate()}
              loading={say.isPending}
              disabled={choice === undefined}
              data-testid={`confirm-${ask.name}`}
            >
              {ask.button}
            </Button>
            <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setOpen(false)}>
              Cancel
            </Button>
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}

/** What there is to say of it now. */
export function asksOf(instance: Instance): readonly Ask[] {
  const { deviationList, expected, events, status, visits, tokens } = instance
  const places = new Map([...visits, ...expected, ...tokens].map(({ element, name }) => [element, name || element]))
  const isActive = status === 'active'
  return [
    {
      name: 'accept', button: 'Accept a deviation', question: 'Which deviation is normal here? It is shown, and counts no more.',
      choices: deviationList.filter(({ accepted }) => !accepted).map(({ kind, element, text }) => ({ said: { what: 'accept', kind, element }, label: text })),
    },
    {
      name: 'done', button: 'A step was done', question: 'Which step was done, although its event will not come?',
      choices: isActive ? expected.map(({ element, name }) => ({ said: { what: 'done', element }, label: name || element })) : [],
    },
    {
      name: 'set-aside', button: 'Set aside', question: 'Which event does not belong, or what was said and is taken back?',
      choices: events.map(({ position, type, text }) => ({ said: { what: 'setAside', position }, label: `${position} ${type}: ${text}` })).reverse(),
    },
    {
      name: 'move', button: 'Move it', question: 'Where is it really?',
      choices: [...places].map(([element, name]) => ({ said: { what: 'move', elements: [element] }, label: name })),
    },
    {
      name: 'end', button: 'End it', question: 'Is it over? Then nothing is due and nothing is sent any more.',
      choices: isActive ? [{ said: { what: 'end' }, label: `End ${instance.key}` }] : [],
    },
  ]
}
