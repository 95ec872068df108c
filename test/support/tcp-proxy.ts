/** Stands between two processes and treats their connections as networks do: passes, holds back, cuts or refuses. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** `blackHole`: takes everything and passes nothing, in either direction. `refuse`: new connections are reset. `slow`: each piece waits. */
export type Weather = 'pass' | 'blackHole' | 'refuse' | { readonly slowMs: number }

export class TcpProxy {
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket))
  readonly #sockets = new Set<Socket>()
  #weather: Weather = 'pass'
  #waiting: (() => void)[] = []
  /** Sockets whose connection is forgotten: nothing of it passes any more, not even its end. */
  readonly #stranded = new WeakSet<Socket>()

  private constructor(private target: number) {}

  static async open(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Where new connections lead from now on. */
  leadTo(targetPort: number): void {
    this.target = targetPort
  }

  be(weather: Weather): void {
    this.#weather = weather
    if (weather === 'blackHole') return
    for (const pass of this.#waiting.splice(0)) pass()
  }

  /** Resets every connection there is. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Every connection there is goes nowhere from now on, and neither side is told; new ones pass. So a router forgets what it carried. */
  strand(): void {
    for (const socket of this.#sockets) this.#stranded.add(socket)
  }

  async close(): Promise<void> {
    this.be('pass')
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    if (this.#weather === 'refuse') {
      socket.resetAndDestroy()
      return
    }
    const other = connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true })
    for (const [one, two] of [[socket, other], [other, socket]] as const) {
      this.#sockets.add(one)
      one.on('error', () => {
        if (!this.#stranded.has(one)) two.resetAndDestroy()
      })
      one.on('close', () => {
        this.#sockets.delete(one)
        if (!this.#stranded.has(one)) two.destroy()
      })
      void this.#pump(one, two)
    }
  }

  async #pump(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const piece of from) {
        await this.#passage()
        if (this.#stranded.has(from)) continue
        if (!to.write(piece as Buffer)) await once(to, 'drain')
      }
      await this.#passage()
      if (!this.#stranded.has(from)) to.end()
    } catch {
      // One of them is gone, which the other is told by its close.
    }
  }

  async #passage(): Promise<void> {
    while (this.#weather === 'blackHole') await new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (typeof this.#weather === 'object') {
      const { slowMs } = this.#weather
      await new Promise((resolve) => setTimeout(resolve, slowMs))
    }
  }
}
