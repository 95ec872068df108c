import { paint } from './output.js'

/** What the demo says once it runs: where to look, and what is going to happen there. */
export function banner(url: string, options: { readonly data?: string; readonly duration?: number; readonly idle?: boolean }): string {
  const lines = [
    `Tidemark follows the orders of a small shop. A day is a second.`,
    '',
    `Open  ${url}`,
    '',
    ...(options.idle === true
      ? ['The shop is still closed: open it from the first page.']
      : [
          'now          orders come in; watch them move along the diagram',
          'in seconds   failed payments are retried, missing goods restocked',
          'in ~15 s     the first stuck order is 14 days old: the customer is told',
          'in ~22 s     at 21 days the order is cancelled, and the service obeys',
        ]),
    '',
    options.data === undefined ? 'Everything is removed when it stops (--data DIR keeps it).' : `Everything is kept in ${options.data}.`,
    options.duration === undefined ? 'Ctrl+C stops it.' : `It stops by itself after ${options.duration} s.`,
  ]
  const width = Math.max(...lines.map((line) => line.length))
  const framed = lines.map((line) => `│  ${line.padEnd(width).replace(url, paint('bold', url))}  │`)
  const edge = '─'.repeat(width + 4)
  return [`╭${edge}╮`, ...framed, `╰${edge}╯`].join('\n')
}
