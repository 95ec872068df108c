/** Files dropped on another page, on their way to the one that deploys them. */
let waiting: readonly File[] = []

export function handOverFiles(files: readonly File[]): void {
  waiting = files
}

export function takeDroppedFiles(): readonly File[] {
  const files = waiting
  waiting = []
  return files
}
