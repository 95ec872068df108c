import { Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { giveToken, useTokenWanted } from '../token.js'

/** Shown when the API answers 401: the token stays in this tab. */
export function TokenDialog() {
  const wanted = useTokenWanted()
  const [token, setToken] = useState('')
  const client = useQueryClient()
  const submit = (event: React.FormEvent): void => {
    event.preventDefault()
    giveToken(token)
    setToken('')
    void client.invalidateQueries()
  }
  return (
    <Modal opened={wanted} onClose={() => giveToken('')} title="This tracker asks for a token" centered>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            It is the value of TIDEMARK_TOKEN where the tracker was started. It is kept in this tab only and sent with each call.
          </Text>
          <PasswordInput
            label="Token"
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            autoFocus
            data-autofocus
            autoComplete="off"
          />
          <Group justify="flex-end">
            <Button type="submit" variant="filled" disabled={token.trim() === ''}>
              Continue
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
