import { Button, Group, Popover, Stack, Text, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { CommandSummary } from '@tidemark/api'
import { useState } from 'react'
import { post } from '../api.js'
import { titleOf } from '../parts/problem-note.js'
import { canBeRetried } from './words.js'

type Action = 'approve' | 'reject' | 'retry'
const asks: Record<Action, { button: string; question: (command: CommandSummary) => string; done: string }> = {
  approve: {
    button: 'Approve',
    question: ({ type, key, target }) => `Send ${type} for ${key}${target === undefined ? '' : ` to ${target}`}?`,
    done: 'Approved',
  },
  reject: { button: 'Reject', question: ({ type, key }) => `Do not send ${type} for ${key}?`, done: 'Rejected' },
  retry: {
    button: 'Send again',
    question: ({ type, key }) => `Send ${type} for ${key} again, under its one idempotency key?`,
    done: 'It is sent again',
  },
}

/** What a person may decide about a command now; nothing where there is nothing to decide. */
export function CommandActions({ command }: { command: CommandSummary }) {
  if (command.status === 'proposed') {
    return (
      <Group gap={6} mt={6}>
        <Ask command={command} action="approve" primary />
        <Ask command={command} action="reject" />
      </Group>
    )
  }
  return canBeRetried(command) ? (
    <Group gap={6} mt={6}>
      <Ask command={command} action="retry" />
    </Group>
  ) : null
}

/** Asks once, with room for a comment: what leaves the house cannot be taken back. */
function Ask({ command, action, primary = false }: { command: CommandSummary; action: Action; primary?: boolean }) {
  const [open, setOpen] = useState(false)
  const [comment, setComment] = useState('')
  const client = useQueryClient()
  const { button, question, done } = asks[action]
  const decide = useMutation({
    mutationFn: () =>
      post(`/commands/${encodeURIComponent(command.id)}/${action}`, comment.trim() === '' ? {} : { comment: comment.trim() }),
    onSuccess: () => notifications.show({ message: `${done}: ${command.type} for ${command.key}` }),
    onError: (error) => notifications.show({ title: titleOf(error), message: error.message, color: 'red' }),
    onSettled: () => {
      setOpen(false)
      void client.invalidateQueries()
    },
  })
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width={300} trapFocus withinPortal returnFocus>
      <Popover.Target>
        <Button
          variant={primary ? 'filled' : 'default'}
          size="compact-sm"
          onClick={() => setOpen(!open)}
          loading={decide.isPending}
          data-testid={`command-${action}`}
        >
          {button}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={8}>
          <Text size="sm">{question(command)}</Text>
          <Textarea
            aria-label="Comment"
            placeholder="Comment, kept with the decision"
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
              onClick={() => decide.mutate()}
              loading={decide.isPending}
              data-autofocus
              data-testid={`confirm-${action}`}
            >
              {button}
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
