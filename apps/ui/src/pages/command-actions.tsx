import { Group } from '@mantine/core'
import type { CommandSummary } from '@tidemark/api'
import { post } from '../api.js'
import { Ask } from '../parts/ask.js'
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
        <Decide command={command} action="approve" primary />
        <Decide command={command} action="reject" />
      </Group>
    )
  }
  return canBeRetried(command) ? (
    <Group gap={6} mt={6}>
      <Decide command={command} action="retry" />
    </Group>
  ) : null
}

/** What leaves the house cannot be taken back. */
function Decide({ command, action, primary = false }: { command: CommandSummary; action: Action; primary?: boolean }) {
  const { button, question, done } = asks[action]
  return (
    <Ask
      testId={`command-${action}`}
      button={button}
      question={question(command)}
      done={`${done}: ${command.type} for ${command.key}`}
      act={(comment) => post(`/commands/${encodeURIComponent(command.id)}/${action}`, comment === undefined ? {} : { comment })}
      commentHint="Comment, kept with the decision"
      primary={primary}
      width={300}
    />
  )
}
