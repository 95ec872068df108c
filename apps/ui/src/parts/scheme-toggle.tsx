import { ActionIcon, Tooltip, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { IconDeviceDesktop, IconMoon, IconSun } from '../icons.js'

const next: Record<MantineColorScheme, MantineColorScheme> = { auto: 'light', light: 'dark', dark: 'auto' }
const names: Record<MantineColorScheme, string> = { auto: 'as the system', light: 'light', dark: 'dark' }

export function SchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const Icon = colorScheme === 'auto' ? IconDeviceDesktop : colorScheme === 'light' ? IconSun : IconMoon
  const label = `Colours: ${names[colorScheme]}. Change to ${names[next[colorScheme]]}`
  return (
    <Tooltip label={label}>
      <ActionIcon onClick={() => setColorScheme(next[colorScheme])} aria-label={label}><Icon size={17} /></ActionIcon>
    </Tooltip>
  )
}
