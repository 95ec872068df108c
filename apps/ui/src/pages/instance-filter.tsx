import { ActionIcon, Button, Select, TextInput, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { IconX } from '../icons.js'
import { CopyButton } from '../parts/copy-button.js'
import { Sign } from '../parts/sign.js'
import { flowQuery, modelsQuery } from '../queries.js'
import { instanceStatuses, type InstanceSearch } from '../search.js'
import type { SignName } from '../signs.js'
import { parseVariable } from '../variable.js'
import { parseWaiting, waitingText } from '../waiting.js'
import classes from './instances.module.css'
import { elementTitle } from './words.js'

interface InstanceFilterProps {
  search: InstanceSearch
  onChange: (part: InstanceSearch) => void
  onClear: () => void
}

export function InstanceFilter({ search, onChange, onClear }: InstanceFilterProps) {
  const { data: models } = useQuery(modelsQuery)
  return (
    <div className={classes.filter} role="group" aria-label="Filter">
      <Select
        aria-label="Model"
        placeholder="Any model"
        w={170}
        clearable
        searchable
        value={search.model ?? null}
        data={optionsOf(
          models?.map(({ id, name }) => ({ value: id, label: name })),
          search.model,
        )}
        onChange={(model) => onChange({ model: model ?? undefined, element: undefined, version: undefined })}
      />
      <Select
        aria-label="Status"
        placeholder="Any status"
        w={122}
        clearable
        value={search.status ?? null}
        data={[...instanceStatuses]}
        onChange={(status) => onChange({ status: instanceStatuses.find((known) => known === status) })}
      />
      <ElementChoice search={search} onChange={onChange} />
      <Typed
        label="Key"
        placeholder="Key"
        value={search.key ?? ''}
        width={130}
        onChange={(key) => onChange({ key: key === '' ? undefined : key })}
      />
      <Variable value={search.variable} onChange={(variable) => onChange({ variable })} />
      <Waiting value={search.waitingLongerThan} onChange={(waitingLongerThan) => onChange({ waitingLongerThan })} />
      <Toggle sign="stuck" name="Stuck" on={search.stuck === true} onChange={(stuck) => onChange({ stuck })} />
      <Toggle sign="late" name="Late" on={search.late === true} onChange={(late) => onChange({ late })} />
      <Toggle sign="deviating" name="Deviating" on={search.deviating === true} onChange={(deviating) => onChange({ deviating })} />
      {Object.keys(search).length > 0 && (
        <>
          <Tooltip label="Show all">
            <ActionIcon onClick={onClear} aria-label="Clear the filter">
              <IconX size={16} />
            </ActionIcon>
          </Tooltip>
          <CopyButton text={window.location.href} label="Copy the link to this list" />
        </>
      )}
      <Others search={search} onChange={onChange} />
    </div>
  )
}

function ElementChoice({ search, onChange }: Pick<InstanceFilterProps, 'search' | 'onChange'>) {
  const { data: flow } = useQuery({
    ...flowQuery(search.model ?? '', search.version),
    enabled: search.model !== undefined,
    staleTime: 60_000,
  })
  if (search.model === undefined && search.element === undefined) return null
  const elements = flow?.elements
    .filter(({ kind }) => !/gateway/i.test(kind))
    .map((element) => ({ value: element.element, label: elementTitle(element) }))
  return (
    <Select
      aria-label="Element"
      placeholder="Anywhere"
      w={170}
      clearable
      searchable
      value={search.element ?? null}
      data={optionsOf(elements, search.element)}
      onChange={(element) => onChange({ element: element ?? undefined })}
    />
  )
}

/** Filters that come with a link and have no control of their own are shown, or the list would seem wrong. */
function Others({ search, onChange }: Pick<InstanceFilterProps, 'search' | 'onChange'>) {
  const others = [
    ['version', 'version'],
    ['deviation', 'deviation'],
    ['startedAfter', 'started after'],
    ['startedBefore', 'started before'],
  ] as const
  return others
    .filter(([name]) => search[name] !== undefined)
    .map(([name, text]) => (
      <Button
        key={name}
        size="compact-xs"
        rightSection={<IconX size={12} />}
        onClick={() => onChange({ [name]: undefined })}
        aria-label={`Remove ${text}`}
      >
        {text} {String(search[name])}
      </Button>
    ))
}

function Toggle({ sign, name, on, onChange }: { sign: SignName; name: string; on: boolean; onChange: (on: true | undefined) => void }) {
  return (
    <button type="button" className={classes.toggle} data-sign={sign} aria-pressed={on} onClick={() => onChange(on ? undefined : true)}>
      <Sign name={sign} />
      {name}
    </button>
  )
}

/** Takes effect with Enter or when the field is left, so that a half-typed key asks nothing of the tracker. */
function Typed({
  label,
  placeholder,
  value,
  width,
  onChange,
  error,
}: {
  label: string
  placeholder: string
  value: string
  width: number
  onChange: (value: string) => void
  error?: (typed: string) => boolean
}) {
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  const done = (): void => {
    if (typed.trim() !== value) onChange(typed.trim())
  }
  return (
    <TextInput
      aria-label={label}
      placeholder={placeholder}
      w={width}
      value={typed}
      error={error?.(typed) ?? false}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => event.key === 'Enter' && done()}
    />
  )
}

function Variable({ value, onChange }: { value: string | undefined; onChange: (variable: string | undefined) => void }) {
  const isWrong = (typed: string): boolean => typed.trim() !== '' && parseVariable(typed) === undefined
  return (
    <Tooltip label="A variable: amount > 100, city = Berlin, customer.name ~ ann">
      <span>
        <Typed
          label="Variable"
          placeholder="amount > 100"
          width={140}
          value={value ?? ''}
          error={isWrong}
          onChange={(typed) => (typed === '' ? onChange(undefined) : !isWrong(typed) && onChange(typed))}
        />
      </span>
    </Tooltip>
  )
}

function Waiting({ value, onChange }: { value: string | undefined; onChange: (iso: string | undefined) => void }) {
  const isWrong = (typed: string): boolean => typed.trim() !== '' && parseWaiting(typed) === undefined
  return (
    <Tooltip label="How long a token has been where it is: 3 d, 12 h, 90 min">
      <span>
        <Typed
          label="Waiting longer than"
          placeholder="Waiting > 3 d"
          width={118}
          value={value === undefined ? '' : waitingText(value)}
          error={isWrong}
          onChange={(typed) => (typed === '' ? onChange(undefined) : !isWrong(typed) && onChange(parseWaiting(typed)))}
        />
      </span>
    </Tooltip>
  )
}

/** A value from the link is kept as an option even where nothing lists it. */
function optionsOf(options: { value: string; label: string }[] | undefined, value: string | undefined) {
  const known = options ?? []
  return value === undefined || known.some((option) => option.value === value) ? known : [...known, { value, label: value }]
}
