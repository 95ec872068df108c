/**
 * Where Tidemark and the token simulator of bpmn.io tell different stories, and why, by name of the file. A test holds this table against what
 * happens: each file that differs stands here, and each that stands here differs.
 */
const BESIDE_A_START = 'an activity that nothing leads to begins with the process although that has a start event, which the standard forbids to draw'
const SEVERAL_STARTS = 'all none starts of a sub-process, and what nothing leads to, begin at once; to us one of its starts begins it'

export const MISSES: Readonly<Record<string, string>> = {
  'process-implicit-start-collaboration': BESIDE_A_START,
  'process-implicit-start-none-event': BESIDE_A_START,
  'process-implicit-start-trigger': BESIDE_A_START,
  'sub-process-multiple-starts': SEVERAL_STARTS,
}
