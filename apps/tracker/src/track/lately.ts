/** The last five times or so count. */
const SHARE_OF_LAST = 0.2

/** What something was of late, smoothed. */
export class Lately {
  #value: number | undefined

  /** Undefined before it was known. */
  get value(): number | undefined {
    return this.#value
  }

  note(value: number): void {
    this.#value = this.#value === undefined ? value : this.#value + (value - this.#value) * SHARE_OF_LAST
  }
}
