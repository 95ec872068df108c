/// <reference types="vite/client" />

// The icons are imported one by one (icons.ts): the package's barrel would make the bundler and the compiler read six thousand modules.
declare module '@tabler/icons-react/dist/esm/icons/*.mjs' {
  import type { ComponentType, SVGProps } from 'react'
  const icon: ComponentType<Omit<SVGProps<SVGSVGElement>, 'stroke'> & { size?: number; stroke?: number }>
  export default icon
}
