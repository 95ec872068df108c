// A believable tracker in memory: instances that walk a model while one watches. Only what the pages show, nothing of how it is found out.

const hour = 3_600_000
const day = 24 * hour

/** Seeded, so that two screenshots of the same moment are the same. */
function randomFrom(seed) {
  let state = seed
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** As Map.groupBy, which Node 20 does not have. */
export function groupBy(all, keyOf) {
  const groups = new Map()
  for (const one of all) {
    const group = groups.get(keyOf(one)) ?? []
    group.push(one)
    groups.set(keyOf(one), group)
  }
  return groups
}

export class MockTracker {
  constructor({ graph, scale, seedInstances, ordersPerTick = 2, seed = 7 }) {
    this.graph = graph
    this.scale = scale
    this.random = randomFrom(seed)
    this.originReal = Date.now()
    this.originDomain = Date.now() - 40 * day
    this.instances = new Map()
    this.events = []
    this.alerts = []
    this.commands = []
    this.visits = new Map()
    this.taken = new Map()
    this.listeners = new Set()
    this.ordersPerTick = ordersPerTick
    this.count = 1000
    if (graph !== undefined) this.#seed(seedInstances)
  }

  now() {
    return this.originDomain + (Date.now() - this.originReal) * this.scale
  }

  iso(ms = this.now()) {
    return new Date(Math.round(ms)).toISOString()
  }

  run() {
    this.timer = setInterval(() => this.#tick(), 250)
  }

  #seed(many) {
    const now = this.now()
    for (let n = 0; n < many; n++) {
      const instance = this.#start(now - (0.02 + this.random()) * 24 * day)
      let at = Date.parse(instance.startedAt)
      const stuckAt = this.random() < 0.06 ? 2 + Math.floor(this.random() * 6) : undefined
      for (let step = 0; instance.status === 'active'; step++) {
        const next = at + this.#dwell()
        if (next > now) break
        if (step === stuckAt) {
          instance.forgotten = true
          break
        }
        at = next
        this.#advance(instance, at)
      }
    }
    this.#judge()
    this.#seedActs()
  }

  #dwell() {
    return (0.05 + this.random() ** 2 * 2.6) * day
  }

  #start(at) {
    const id = `i${this.count++}`
    const key = `order-${this.count}`
    const instance = {
      id,
      model: this.graph.id,
      version: 2,
      key,
      keys: [
        { name: 'orderId', value: key },
        { name: 'paymentId', value: `pay-${this.count * 7}` },
      ],
      status: 'active',
      stuck: false,
      late: false,
      deviations: 0,
      settling: false,
      approximate: false,
      startedAt: this.iso(at),
      lastEventAt: this.iso(at),
      tokens: [],
      visits: [],
      path: new Map(),
      list: [],
      deviationList: [],
      variables: {
        orderId: key,
        customer: { name: 'Ada Smith', city: 'Lisbon' },
        amount: Math.round(this.random() * 40_000) / 100,
        items: [
          { sku: 'A-17', count: 2 },
          { sku: 'B-4', count: 1 },
        ],
        express: this.random() < 0.3,
      },
    }
    this.instances.set(id, instance)
    this.#enter(instance, this.graph.start, at)
    this.#advance(instance, at)
    return instance
  }

  #enter(instance, element, at) {
    instance.tokens.push({ element: element.id, name: element.name, since: this.iso(at), stuck: false, late: false })
    instance.visits.push({ element: element.id, name: element.name, entered: this.iso(at), how: 'observed' })
    this.visits.set(element.id, (this.visits.get(element.id) ?? 0) + 1)
    if (element.name !== '' && !/Gateway|subProcess/.test(element.kind)) this.#event(instance, element, at)
  }

  #event(instance, element, at) {
    const type = element.name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '.')
      .replace(/\.$/, '')
    const late = this.random() < 0.03
    const position = String(this.events.length + 1)
    const event = {
      position,
      id: `${instance.key}:${instance.list.length}`,
      source: '/shop/' + ['checkout', 'payment', 'inventory', 'shipment'][this.events.length % 4],
      type,
      subject: instance.key,
      time: this.iso(at),
      appendTime: this.iso(at + (late ? 1.4 * day : 900)),
      data: instance.variables,
      fates: [
        this.random() < 0.02
          ? { kind: 'duplicate', model: this.graph.id, reason: 'The same source and id came at position 12.' }
          : { kind: 'tracked', model: this.graph.id, version: 2, instance: instance.id, element: element.id },
      ],
    }
    this.events.push(event)
    instance.list.push({
      ...event,
      data: undefined,
      fates: undefined,
      element: element.id,
      elementName: element.name,
      phase: 'occur',
      reading: 'fits',
      text: '',
    })
    instance.lastEventAt = this.iso(at)
  }

  /** One token goes on; silent elements are passed at once. Returns the flows it took. */
  #advance(instance, at) {
    const flows = []
    const token = instance.tokens.shift()
    if (token === undefined) return flows
    let element = this.graph.elements.get(token.element)
    for (let hops = 0; hops < 12; hops++) {
      this.#leave(instance, element, at)
      const boundary = [...this.graph.elements.values()].find(({ host, name }) => host === element.id && /fail/i.test(name))
      if (boundary !== undefined && this.random() < 0.08) {
        this.#enter(instance, boundary, at)
        instance.tokens.pop()
        element = boundary
      }
      const flow = element.out[this.random() < 0.9 ? 0 : element.out.length - 1]
      if (flow === undefined) {
        const parent = this.graph.elements.get(element.parent)
        if (parent === undefined) {
          instance.status = 'completed'
          instance.endedAt = this.iso(at)
          instance.tokens = []
          return flows
        }
        element = parent
        continue
      }
      flows.push(flow.id)
      instance.path.set(flow.id, (instance.path.get(flow.id) ?? 0) + 1)
      this.taken.set(flow.id, (this.taken.get(flow.id) ?? 0) + 1)
      element = this.graph.elements.get(flow.to)
      this.#enter(instance, element, at)
      if (element.kind === 'subProcess') {
        instance.tokens.pop()
        element = [...this.graph.elements.values()].find(({ kind, parent }) => kind === 'startEvent' && parent === element.id)
        this.#enter(instance, element, at)
      }
      if (!/Gateway|startEvent|endEvent/.test(element.kind)) break
      instance.tokens.pop()
    }
    return flows
  }

  #leave(instance, element, at) {
    const visit = instance.visits.findLast((known) => known.element === element.id && known.left === undefined)
    if (visit !== undefined) visit.left = this.iso(at)
  }

  #judge() {
    const now = this.now()
    for (const instance of this.instances.values()) {
      if (instance.status !== 'active') continue
      for (const token of instance.tokens) token.stuck = now - Date.parse(token.since) > 4.5 * day
      instance.stuck = instance.tokens.some(({ stuck }) => stuck)
      instance.late = now - Date.parse(instance.startedAt) > 13 * day
      if (instance.late && instance.tokens[0] !== undefined) instance.tokens[0].late = true
    }
  }

  #seedActs() {
    const all = [...this.instances.values()]
    all
      .filter((_, n) => n % 23 === 0)
      .forEach((instance, n) => {
        const visit = instance.visits.at(-1)
        if (visit === undefined) return
        const kind = ['skipped', 'outOfOrder', 'repeated'][n % 3]
        const text = {
          skipped: `“${visit.name || visit.element}” was skipped: no event was seen for it, and later ones came.`,
          outOfOrder: `“${visit.name || visit.element}” came after an event that should have followed it.`,
          repeated: `“${visit.name || visit.element}” was seen a second time.`,
        }[kind]
        instance.deviations = 1
        instance.deviationList.push({
          kind,
          element: visit.element,
          name: visit.name,
          at: visit.entered,
          count: 1,
          provisional: n % 4 === 0,
          accepted: false,
          text,
        })
        if (kind === 'skipped') visit.how = 'assumed'
      })
    const stuck = all.filter((instance) => instance.stuck)
    const perElement = groupBy(stuck, ({ tokens }) => tokens[0].element)
    for (const [element, members] of perElement)
      this.#alert('stuck', 'warning', element, `${members[0].tokens[0].name || element}: waiting longer than 4 d 12 h`, members)
    const late = all.filter((instance) => instance.late && instance.status === 'active')
    if (late.length > 0) this.#alert('late', 'critical', undefined, 'Orders take longer than 13 days', late)
    const off = all.filter(({ deviations }) => deviations > 0)
    if (off.length > 0) this.#alert('deviation', 'info', off[0].deviationList[0].element, 'Steps seen out of the order of the model', off)
    const statuses = ['proposed', 'proposed', 'delivered', 'delivered', 'sending', 'failed', 'dead', 'rejected', 'withdrawn', 'delivered']
    late
      .concat(stuck)
      .slice(0, 40)
      .forEach((instance, n) => this.commands.push(this.#command(instance, statuses[n % statuses.length], n)))
  }

  #alert(kind, severity, element, title, members) {
    const name = element === undefined ? undefined : this.graph.elements.get(element)?.name
    const times = members.map(({ lastEventAt }) => lastEventAt).sort()
    this.alerts.push({
      id: `a${this.alerts.length + 1}`,
      kind,
      severity,
      status: this.alerts.length % 4 === 3 ? 'acknowledged' : 'open',
      model: this.graph.id,
      modelName: this.graph.name,
      ...(element !== undefined && { element, elementName: name || element }),
      title,
      count: members.length,
      openedAt: times[0],
      instances: members
        .slice(0, 60)
        .map((instance) => ({ id: instance.id, key: instance.key, since: instance.tokens[0]?.since ?? instance.lastEventAt })),
      deliveries: [{ channel: 'webhook https://hooks.example.com/tidemark', status: 'delivered', at: times.at(-1), attempts: 1 }],
    })
  }

  #command(instance, status, n) {
    const cancel = n % 3 === 0
    return {
      id: `c${n}`,
      type: cancel ? 'order.cancel' : 'customer.notifyDelay',
      target: cancel ? 'order' : 'notification',
      status,
      model: this.graph.id,
      instance: instance.id,
      key: instance.key,
      element: cancel ? 'CancelOrder' : 'TellCustomer',
      elementName: cancel ? 'Cancel the order' : 'Tell the customer of the delay',
      decidedAt: instance.lastEventAt,
      attempts: { proposed: 0, withdrawn: 0, rejected: 0, failed: 4, dead: 12 }[status] ?? 1,
      data: { orderId: instance.key, reason: 'Not delivered within 21 days', customer: instance.variables.customer },
      ...(['failed', 'dead'].includes(status) && { error: 'The order service answered 503 Service Unavailable.' }),
      ...(status === 'proposed' && { note: 'Proposed and not sent: the instance has a deviation on its path.' }),
    }
  }

  #tick() {
    const moves = []
    for (let n = 0; n < this.ordersPerTick; n++) moves.push({ instance: this.#start(this.now()), flows: [this.graph.start.out[0]?.id] })
    const active = [...this.instances.values()].filter(({ status, forgotten }) => status === 'active' && !forgotten)
    for (let n = 0; n < 24 && active.length > 0; n++) {
      const instance = active[Math.floor(this.random() * active.length)]
      if (instance.status !== 'active') continue
      moves.push({ instance, flows: this.#advance(instance, this.now()) })
    }
    this.#judge()
    while (this.instances.size > 6_000) this.instances.delete(this.instances.keys().next().value)
    this.tell({
      kind: 'changed',
      position: String(this.events.length),
      now: this.iso(),
      models: [this.graph.id],
      instances: moves.length,
      alerts: false,
      commands: false,
    })
    this.tell({
      kind: 'moved',
      model: this.graph.id,
      version: 2,
      moves: moves.map(({ instance, flows }) => ({ instance: instance.id, key: instance.key, flows })),
    })
  }

  tell(message) {
    for (const listener of this.listeners) listener(message)
  }
}
