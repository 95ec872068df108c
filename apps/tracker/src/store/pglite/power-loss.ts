import { readFile, rename, rm, writeFile } from 'node:fs/promises'

/**
 * PGlite does not sync. What a crashed process wrote is still in the system's cache, so its own recovery is right; what was written before the
 * machine went down may be there in part, and no checksum would tell. So the boot of the last run that did not end well is kept beside the
 * directory: if the machine was booted since, the directory is set aside, and the state is made again of what does sync: snapshots and the log.
 * @returns where it went, if it did
 */
export async function setAsideAfterPowerLoss(dir: string, boot: () => Promise<string> = bootId): Promise<string | undefined> {
  const ran = await readFile(markerOf(dir), 'utf8').catch(() => undefined)
  if (ran === undefined || ran === (await boot())) return undefined
  // One is kept, for whoever wants to look; the disk is not filled with more.
  const aside = `${dir}.before-power-loss`
  await rm(aside, { recursive: true, force: true })
  await rename(dir, aside)
  await rm(markerOf(dir), { force: true })
  return aside
}

export async function recordRun(dir: string, boot: () => Promise<string> = bootId): Promise<void> {
  await writeFile(markerOf(dir), await boot())
}

export async function forgetRun(dir: string): Promise<void> {
  await rm(markerOf(dir), { force: true })
}

const markerOf = (dir: string) => `${dir}.running`

/** Where the system does not tell, every boot looks the same: then a power loss is not noticed, which the documentation says. */
export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown')).trim()
}
