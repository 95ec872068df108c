/** A set that forgets its oldest members beyond `limit`. */
export class Recent {
  readonly #members = new Set<string>()

  constructor(readonly limit: number) {}

  has(member: string): boolean {
    return this.#members.has(member)
  }

  /** False: it was there already. */
  add(member: string): boolean {
    if (this.#members.has(member)) return false
    this.#members.add(member)
    if (this.#members.size > this.limit) {
      for (const oldest of this.#members) {
        this.#members.delete(oldest)
        break
      }
    }
    return true
  }
}
