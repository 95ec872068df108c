/** Where a real service has its database. */
export class Ledger {
  readonly lines: string[] = []

  enter(order: string, what: string, amount: number): void {
    if (amount < 0) throw new Error(`an amount of ${amount} cannot be entered`)
    this.lines.push(`${order} ${what} ${amount}`)
  }
}
