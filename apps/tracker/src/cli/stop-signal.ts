/**
 * Resolves at the first SIGINT or SIGTERM, or after the given time. A second signal ends the process at once: whoever presses Ctrl+C twice
 * means it, and nothing acknowledged is lost by it.
 */
export async function stopSignal(afterMs?: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let asked = false
    const stop = () => {
      if (asked) process.exit(130)
      asked = true
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
    if (afterMs !== undefined) setTimeout(resolve, afterMs)
  })
}
