/** The last five times or so count. */
const SHARE_OF_LAST = 0.2

/** What something was of late, smoothed; 0 before it was known. */
export class Lately {
  #value: number | undefined

  get value(): number {
    return this.#value ?? 0
  }

  note(value: number): void {
    this.#value = this.#value === undefined ? value : this.#value + (value - this.#value) * SHARE_OF_LAST
  }
}
