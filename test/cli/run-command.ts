import { Command } from 'commander'
import { vi } from 'vitest'
import { register as registerBackup } from '../../apps/tracker/src/cli/backup.js'
import { register as registerCheck } from '../../apps/tracker/src/cli/check.js'
import { register as registerConformance } from '../../apps/tracker/src/cli/conformance.js'
import { register as registerCorrect } from '../../apps/tracker/src/cli/correct.js'
import { register as registerDeploy } from '../../apps/tracker/src/cli/deploy.js'
import { register as registerEmit } from '../../apps/tracker/src/cli/emit.js'
import { register as registerFaults } from '../../apps/tracker/src/cli/faults.js'
import { register as registerImport } from '../../apps/tracker/src/cli/import.js'
import { register as registerLog } from '../../apps/tracker/src/cli/log.js'
import { register as registerRebuild } from '../../apps/tracker/src/cli/rebuild.js'
import { register as registerShadow } from '../../apps/tracker/src/cli/shadow.js'
import { register as registerSnapshot } from '../../apps/tracker/src/cli/snapshot.js'
import { register as registerSchema } from '../../apps/tracker/src/cli/schema.js'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `tidemark <args>` in this process and gives what it said and its exit code. */
export async function tidemark(...args: string[]): Promise<Ran> {
  const program = new Command('tidemark')
  for (const register of [registerBackup, registerCheck, registerConformance, registerCorrect, registerDeploy, registerEmit, registerFaults, registerImport, registerLog, registerRebuild, registerSchema, registerShadow, registerSnapshot]) register(program)
  const said = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += String(text)
      return true
    }),
  )
  try {
    await program.parseAsync(['node', 'tidemark', ...args])
    return { code: Number(process.exitCode ?? 0), ...said }
  } finally {
    process.exitCode = 0
    for (const spy of spies) spy.mockRestore()
    process.stdout.removeAllListeners('error')
  }
}
