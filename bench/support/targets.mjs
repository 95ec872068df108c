/** Targets with their verdicts, printed as they are met or missed; the exit code says whether all were met. */
let missed = 0

export function target(what, value, wanted, isMet) {
  if (!isMet) missed++
  process.exitCode = missed === 0 ? 0 : 1
  console.log(`${isMet ? 'PASS ' : 'FAULT'} ${what.padEnd(58)} ${value}   (wanted: ${wanted})`)
}

export function round(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}
