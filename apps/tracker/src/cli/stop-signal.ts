/**
 * Resolves at the first SIGINT or SIGTERM from now on. Called before anything is opened, so that a start that is interrupted is still closed
 * properly. A second signal ends the process at once: whoever presses Ctrl+C twice means it, and nothing acknowledged is lost by it.
 */
export function stopSignal(): Promise<void> {
  return new Promise<void>((resolve) => {
    let asked = false
    const stop = () => {
      if (asked) process.exit(130)
      asked = true
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}
