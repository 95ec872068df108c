/** Processor time of processes, from /proc. A second of it means the same however busy the machine is. */
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

/** Seconds that a process and all below it have taken, those that have ended included. */
export function cpuSecondsOfTree(pid) {
  const processes = new Map()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = fieldsOf(name)
    if (fields !== undefined) processes.set(Number(name), fields)
  }
  let ticks = 0
  for (const [id, fields] of processes) {
    let at = id
    while (at !== pid && processes.has(at)) at = processes.get(at).parent
    if (at === pid) ticks += fields.ticks
  }
  return ticks / TICKS_PER_SECOND
}

/** Undefined where it has ended meanwhile. */
function fieldsOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number)
    return { parent: fields[1], ticks: fields[11] + fields[12] + fields[13] + fields[14] }
  } catch {
    return undefined
  }
}
