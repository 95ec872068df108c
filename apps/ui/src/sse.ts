/** One message of a text/event-stream. */
export interface SseMessage {
  id?: string
  event?: string
  data: string
}

/** A message may not be larger than this; a server that never ends a line must not fill the tab's memory. */
const maxMessageChars = 1_000_000

/**
 * Reads text/event-stream chunk by chunk (WHATWG HTML 9.2.6); chunks may end anywhere. Ours and not EventSource, because that one cannot
 * send an Authorization header.
 */
export class SseParser {
  #rest = ''
  #data: string[] = []
  #id: string | undefined
  #event: string | undefined

  /** The messages that this chunk completed. Throws where one grows beyond its bound. */
  push(chunk: string): SseMessage[] {
    const messages: SseMessage[] = []
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > maxMessageChars) throw new Error('A message of the live stream is too large')
    for (const line of lines) {
      if (line === '') this.#end(messages)
      else this.#line(line)
    }
    return messages
  }

  #line(line: string): void {
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') this.#data.push(value)
    else if (field === 'id') this.#id = value
    else if (field === 'event') this.#event = value
  }

  #end(messages: SseMessage[]): void {
    if (this.#data.length > 0) {
      messages.push({
        data: this.#data.join('\n'),
        ...(this.#id !== undefined && { id: this.#id }),
        ...(this.#event !== undefined && { event: this.#event }),
      })
    }
    this.#data = []
    this.#event = undefined
  }
}
