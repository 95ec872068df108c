/** Numbers and strings in one string of characters below 256, which V8 keeps in one byte each (strings with others make it two). */

/** Integers whose amount is below this can be written. */
export const MAX_PACKED = 2 ** 51

/** Characters that are turned into a string at once. */
const CHUNK = 8_192

export class TextWriter {
  readonly #codes: number[] = []

  /** An integer: seven bits a character, the lowest first, its sign in the lowest of all. */
  integer(value: number): void {
    let rest = value < 0 ? -2 * value - 1 : 2 * value
    while (rest >= 128) {
      this.#codes.push(128 + (rest % 128))
      rest = Math.floor(rest / 128)
    }
    this.#codes.push(rest)
  }

  /** A string by what it does not share with the beginning of another one, which the reader knows. */
  string(text: string, like = ''): void {
    let shared = 0
    while (shared < text.length && shared < like.length && text.charCodeAt(shared) === like.charCodeAt(shared)) shared++
    this.integer(shared)
    this.integer(text.length - shared)
    for (let index = shared; index < text.length; index++) this.#codes.push(text.charCodeAt(index))
  }

  get text(): string {
    const chunks: string[] = []
    for (let at = 0; at < this.#codes.length; at += CHUNK) chunks.push(String.fromCharCode(...this.#codes.slice(at, at + CHUNK)))
    return chunks.length === 1 ? (chunks[0] ?? '') : chunks.join('')
  }
}

export class TextReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get isDone(): boolean {
    return this.#at >= this.#text.length
  }

  integer(): number {
    let rest = 0
    let factor = 1
    let code = this.#text.charCodeAt(this.#at++)
    while (code >= 128) {
      rest += (code - 128) * factor
      factor *= 128
      code = this.#text.charCodeAt(this.#at++)
    }
    rest += code * factor
    return rest % 2 === 1 ? -(rest + 1) / 2 : rest / 2
  }

  string(like = ''): string {
    const shared = this.integer()
    const length = this.integer()
    this.#at += length
    return like.slice(0, shared) + this.#text.slice(this.#at - length, this.#at)
  }
}
