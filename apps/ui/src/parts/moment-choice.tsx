import { Button, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { fromLocalText, localText } from '../times.js'

interface MomentChoiceProps {
  /** RFC 3339; absent: now. */
  at: string | undefined
  onChange: (at: string | undefined) => void
}

/** A moment of the past in the reader's zone, or now. */
export function MomentChoice({ at, onChange }: MomentChoiceProps) {
  const [typed, setTyped] = useState(at === undefined ? '' : localText(at))
  useEffect(() => setTyped(at === undefined ? '' : localText(at)), [at])
  return (
    <>
      <TextInput
        type="datetime-local"
        step={1}
        w={196}
        aria-label="Show how it was at"
        title="Event time, with what is known today. Empty: now."
        data-testid="at"
        value={typed}
        onChange={({ currentTarget: { value } }) => {
          setTyped(value)
          const chosen = fromLocalText(value)
          if (chosen !== undefined) onChange(chosen)
          else if (value === '' && at !== undefined) onChange(undefined)
        }}
      />
      {at !== undefined && (
        <Button variant="default" onClick={() => onChange(undefined)}>
          Now
        </Button>
      )}
    </>
  )
}
