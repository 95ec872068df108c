import { Group, Textarea } from '@mantine/core'
import type { EventsAccepted, LoggedEvent } from '@tidemark/api'
import { useState } from 'react'
import { post } from '../api.js'
import { Ask } from '../parts/ask.js'

/** What a person can do about an event that was quarantined: bring it in again, mended, or throw it away. */
export function QuarantineActions({ event, content }: { event: LoggedEvent; content: string }) {
  const [text, setText] = useState(content)
  const discard = (comment: string) => post(`/events/${event.position}/discard`, { comment })
  return (
    <Group gap={6} mt={8}>
      <Ask
        testId="send-again"
        button="Send again"
        question="Mend it, and it comes in as a new event; this one is thrown away. An event whose id was used before needs another id."
        done={`Event ${event.position} came in again`}
        act={async () => {
          const { position } = await post<EventsAccepted>('/events', JSON.parse(text))
          await discard(`sent again, mended, as ${position}`)
        }}
        incomplete={!isJson(text)}
        comment="none"
        width={460}
        onClosed={() => setText(content)}
      >
        <Textarea
          aria-label="Event, as CloudEvents JSON"
          autosize
          minRows={8}
          maxRows={18}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
          error={isJson(text) ? undefined : 'This is no JSON yet.'}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mono)', fontSize: 12 } }}
          data-autofocus
        />
      </Ask>
      <Ask
        testId="discard-event"
        button="Discard"
        question="Is nothing to become of it? Its bytes stay in the log, and nobody is asked about it any more."
        done={`Event ${event.position} is discarded`}
        act={(comment) => discard(comment ?? '')}
        comment="required"
      />
    </Group>
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
