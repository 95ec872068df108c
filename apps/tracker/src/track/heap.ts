/** How far the heap of this process may grow beyond what lives in it, before V8 marks all of it. */
import { setFlagsFromString } from 'node:v8'

/** While very much lives in it. */
const SPARING_PERCENT = 100
let usual: number | undefined

/** From now on. Where nobody says so, it stays as the process was started. */
export function letHeapGrowBy(percent: number): void {
  usual = percent
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}

/** While it runs, which holds very much: a multiple of that would be too much. */
export async function sparingly<Result>(run: () => Promise<Result>): Promise<Result> {
  const before = usual
  if (before === undefined || before <= SPARING_PERCENT) return run()
  letHeapGrowBy(SPARING_PERCENT)
  try {
    return await run()
  } finally {
    letHeapGrowBy(before)
  }
}
