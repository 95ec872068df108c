import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repoRoot = resolve(fileURLToPath(import.meta.url), '../../..')

/** The folder of real logs and models beside the checkout, where it is there. */
export function dataDir(): string | undefined {
  const path = resolve(repoRoot, '../shared/data')
  return existsSync(path) ? path : undefined
}

/**
 * True when a test must be skipped because what it needs is not on this machine; says so once. Where nothing may be skipped
 * (TIDEMARK_REQUIRE_ALL=1, as in CI) it throws instead.
 */
export function skipUnless(present: boolean, what: string): boolean {
  if (present) return false
  if (process.env['TIDEMARK_REQUIRE_ALL'] === '1') throw new Error(`these tests need ${what}, and TIDEMARK_REQUIRE_ALL forbids to skip them`)
  console.warn(`skipped, because this needs ${what}`)
  return true
}
