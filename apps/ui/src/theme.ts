import {
  ActionIcon,
  Button,
  Checkbox,
  createTheme,
  Drawer,
  Menu,
  Modal,
  NativeSelect,
  Popover,
  SegmentedControl,
  Select,
  Textarea,
  TextInput,
  Tooltip,
  type CSSVariablesResolver,
  type MantineColorsTuple,
} from '@mantine/core'

/** One accent, the blue-green of deep water; neutrals that lean towards it. Other colours carry meaning and stand in theme.css. */
const tide: MantineColorsTuple = [
  '#e8f4f6',
  '#d3e8ec',
  '#a6d2da',
  '#74bac7',
  '#4ca6b6',
  '#2f96a9',
  '#12798b',
  '#0b6b7c',
  '#095766',
  '#06444f',
]
const gray: MantineColorsTuple = [
  '#f6f8f8',
  '#eef1f2',
  '#e2e7e8',
  '#d2d9db',
  '#b3bdc0',
  '#8b979b',
  '#66737a',
  '#4c585e',
  '#2f393e',
  '#182024',
]
const dark: MantineColorsTuple = [
  '#dce3e5',
  '#a9b5b9',
  '#88959a',
  '#5c6a70',
  '#39464c',
  '#2a353a',
  '#1b2428',
  '#141b1e',
  '#0f1517',
  '#0a0f10',
]

export const theme = createTheme({
  primaryColor: 'tide',
  primaryShade: { light: 7, dark: 6 },
  colors: { tide, gray, dark },
  fontFamily:
    'ui-sans-serif, -apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", Inter, Roboto, "Noto Sans", Arial, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, "SF Mono", Menlo, "Cascadia Mono", Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  defaultRadius: 5,
  cursorType: 'pointer',
  respectReducedMotion: true,
  autoContrast: true,
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs', variant: 'default' } }),
    ActionIcon: ActionIcon.extend({
      defaultProps: { size: 28, variant: 'subtle', color: 'gray' },
      vars: () => ({ root: { '--ai-color': 'var(--ink-2)', '--ai-hover': 'var(--hover)', '--ai-hover-color': 'var(--ink)' } }),
    }),
    TextInput: TextInput.extend({ defaultProps: { size: 'xs' } }),
    Textarea: Textarea.extend({ defaultProps: { size: 'xs' } }),
    Select: Select.extend({ defaultProps: { size: 'xs', comboboxProps: { shadow: 'none' } } }),
    NativeSelect: NativeSelect.extend({ defaultProps: { size: 'xs' } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: 'xs' } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs', withItemsBorders: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 250, fz: 12, withArrow: false } }),
    Modal: Modal.extend({ defaultProps: { shadow: 'none', overlayProps: { backgroundOpacity: 0.35 } } }),
    Drawer: Drawer.extend({ defaultProps: { shadow: 'none', overlayProps: { backgroundOpacity: 0.2 } } }),
    Menu: Menu.extend({ defaultProps: { shadow: 'none' } }),
    Popover: Popover.extend({ defaultProps: { shadow: 'none' } }),
  },
})

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#182024',
    '--mantine-color-dimmed': '#5a676d',
    '--mantine-color-placeholder': '#8b979b',
    '--mantine-color-default-border': '#d9dfe1',
    '--mantine-color-error': '#b42318',
  },
  dark: {
    '--mantine-color-body': '#141b1e',
    '--mantine-color-text': '#dce3e5',
    '--mantine-color-dimmed': '#93a0a5',
    '--mantine-color-placeholder': '#6f7d82',
    '--mantine-color-default-border': '#2c383d',
    '--mantine-color-default': '#1a2327',
    '--mantine-color-default-hover': '#212c31',
    '--mantine-color-error': '#f0837b',
  },
})
