/**
 * Where Tidemark and the token simulator of bpmn.io tell different stories, and why, by name of the file. A test holds this table against what
 * happens: each file that differs stands here, and each that stands here differs.
 */
const BESIDE_A_START = 'an activity that nothing leads to begins with the process although that has a start event, which the standard forbids to draw'

export const MISSES: Readonly<Record<string, string>> = {
  'process-implicit-start-collaboration': BESIDE_A_START,
  'process-implicit-start-none-event': BESIDE_A_START,
  'process-implicit-start-trigger': BESIDE_A_START,
  'signal-trigger-boundary-event': 'a signal that is thrown in a sub-process and interrupts it: to us the sub-process is done with the throw',
}
