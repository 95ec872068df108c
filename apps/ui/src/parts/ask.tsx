import { Button, Group, Popover, Stack, Text, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { titleOf } from './problem-note.js'

interface AskProps {
  /** What it does, in a word or two. */
  button: string
  /** Of the button; that which confirms is `confirm-` and this. */
  testId: string
  question: ReactNode
  /** What is said when it is done. */
  done: string
  /** Resolves when it is done. `comment` is trimmed, undefined where none was written. */
  act: (comment: string | undefined) => Promise<unknown>
  /** What is to be chosen or written beside the comment. */
  children?: ReactNode
  /** There is something to choose, and it is not chosen yet. */
  incomplete?: boolean
  /** `required`: it cannot be done without saying why. `none`: nobody keeps one. */
  comment?: 'optional' | 'required' | 'none'
  commentHint?: string
  primary?: boolean
  width?: number
  onClosed?: () => void
}

/** Asks once, with room to say why, before something is done that cannot be taken back. */
export function Ask({
  button, testId, question, done, act, children, incomplete = false, comment: kept = 'optional', commentHint, primary = false, width = 320, onClosed,
}: AskProps) {
  const [open, setOpen] = useState(false)
  const [comment, setComment] = useState('')
  const client = useQueryClient()
  const close = (): void => {
    setOpen(false)
    setComment('')
    onClosed?.()
  }
  const said = comment.trim()
  const doing = useMutation({
    mutationFn: () => act(said === '' ? undefined : said),
    onSuccess: () => notifications.show({ message: done }),
    onError: (error) => notifications.show({ title: titleOf(error), message: error.message, color: 'red' }),
    onSettled: () => {
      close()
      void client.invalidateQueries()
    },
  })
  return (
    <Popover
      opened={open}
      onChange={(opened) => (opened ? setOpen(true) : close())}
      position="bottom-start"
      width={width}
      trapFocus
      withinPortal
      returnFocus
    >
      <Popover.Target>
        <Button
          variant={primary ? 'filled' : 'default'}
          size="compact-sm"
          onClick={() => (open ? close() : setOpen(true))}
          loading={doing.isPending}
          data-testid={testId}
        >
          {button}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={8}>
          <Text size="sm">{question}</Text>
          {children}
          {kept !== 'none' && (
            <Textarea
              aria-label="Comment"
              placeholder={commentHint ?? (kept === 'required' ? 'Why; it is kept with the entry' : 'Comment, kept with the entry')}
              autosize
              minRows={2}
              maxRows={8}
              value={comment}
              onChange={(event) => setComment(event.currentTarget.value)}
              maxLength={1000}
            />
          )}
          <Group gap={6}>
            <Button
              variant="filled"
              size="compact-sm"
              onClick={() => doing.mutate()}
              loading={doing.isPending}
              disabled={incomplete || (kept === 'required' && said === '')}
              data-autofocus={(children === undefined && kept !== 'required') || undefined}
              data-testid={`confirm-${testId}`}
            >
              {button}
            </Button>
            <Button variant="subtle" color="gray" size="compact-sm" onClick={close}>
              Cancel
            </Button>
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}
