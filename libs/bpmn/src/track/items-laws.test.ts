import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Follower } from '../follower.js'
import { LAW_RUNS, LAW_SEED } from '../testing/law-runs.js'
import { walkWithItems } from '../testing/item-walk.js'
import { blocks, modelOf } from '../testing/models.js'
import { pictureOf } from '../testing/picture.js'
import { contextFor, factOf, processOf } from '../testing/scenario.js'
import { randomOf, type WalkEvent } from '../testing/walk.js'
import { readProcesses } from '../read/read-processes.js'
import { parseMapping } from '../bind/mapping.js'
import { FactPacker } from './packed-facts.js'
import { TrackedModel } from './tracked-model.js'
import { Unit } from './unit.js'

const options = { loops: true, timers: false, ambiguous: false, nonInterrupting: true, inclusive: true, repeated: true, eventSubs: true, depth: 2 } as const

describe('an item', () => {
  it(`is followed exactly as if it were the only one, whatever happens to the others (${LAW_RUNS} runs)`, () => {
    let disturbed = 0
    fc.assert(fc.property(blocks(options), fc.nat(), (body, seed) => {
      const random = randomOf(seed)
      const process = modelOf({ kind: 'items', body }, { tolerance: 'PT0S' })
      const model = new TrackedModel(process)
      const events = walkWithItems(process, random).events.flatMap((event) => disturb(event, random))
      const whole = readingsOf(model, events)
      for (const item of new Set(events.flatMap((event) => event.item ?? []))) {
        const alone = readingsOf(model, events.filter((event) => event.item === undefined || event.item === item))
        expect(whole.get(item)).toEqual(alone.get(item))
        if ((alone.get(item)?.deviations.length ?? 0) > 0) disturbed++
      }
    }), { numRuns: LAW_RUNS, ...LAW_SEED })
    expect(disturbed).toBeGreaterThan(LAW_RUNS / 10)
  }, 120_000)

  /** Lost, or sent twice; what is outside of items stays. */
  function disturb(event: WalkEvent, random: () => number): readonly WalkEvent[] {
    const fault = random()
    if (event.item === undefined || fault > 0.2) return [event]
    return fault < 0.1 ? [] : [event, event]
  }

  /** Of each item, but for what is said of it when the part is left. */
  function readingsOf(model: TrackedModel, events: readonly WalkEvent[]) {
    const unit = new Unit(contextFor(model), 'k')
    // The place in the walk is its identity, whether others are there or not.
    unit.add(events.map((event, index) => factOf(model.process, BigInt(index + 1), event.type, event.time, { item: event.item, sequence: String(index).padStart(4, '0') })))
    const left = events.at(-1)?.item === undefined ? (events.at(-1)?.time ?? 0) : Infinity
    const [instance] = unit.view((events.at(-1)?.time ?? 0) + 1e9)
    const items = new Set(events.flatMap((event) => event.item ?? []))
    return new Map([...items].map((item) => [item, {
      events: instance?.view.events.filter((event) => event.item === item).map(({ element, phase, reading }) => [element, phase, reading]),
      deviations: instance?.view.deviations.filter((deviation) => deviation.item === item && deviation.at < left).map(({ kind, elements }) => [kind, ...elements]) ?? [],
    }]))
  }

  it('is named by the model, or by a mapping, and read from the event', async () => {
    const xml = (extension: string) => `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tm="urn:tidemark:bpmn:1"><process id="P"><startEvent id="start"/>
      <sequenceFlow id="f1" sourceRef="start" targetRef="sub"/><subProcess id="sub">${extension}<multiInstanceLoopCharacteristics/>
      <startEvent id="s"/><sequenceFlow id="g1" sourceRef="s" targetRef="pack"/><task id="pack"/><sequenceFlow id="g2" sourceRef="pack" targetRef="send"/><task id="send"/><sequenceFlow id="g3" sourceRef="send" targetRef="e"/><endEvent id="e"/></subProcess>
      <sequenceFlow id="f2" sourceRef="sub" targetRef="bill"/><task id="bill"/><sequenceFlow id="f3" sourceRef="bill" targetRef="end"/><endEvent id="end"/></process></definitions>`
    const inModel = await readProcesses(xml('<extensionElements><tm:item key="data.parcel"/></extensionElements>'))
    const beside = await readProcesses(xml(''), { mapping: parseMapping('elements: { sub: { item: data.parcel } }').mapping })
    const without = await readProcesses(xml(''))
    expect(without.findings.map(({ code }) => code)).toContain('itemsTogether')
    expect((await readProcesses(xml('<extensionElements><tm:item/></extensionElements>'))).findings.map(({ code }) => code)).toContain('badBinding')
    for (const { processes, findings } of [inModel, beside]) {
      expect(findings).toEqual([])
      const follower = new Follower(processes[0] ?? processOf({ elements: {}, flows: [] }))
      const events = [['pack', 'a'], ['pack', 'b'], ['send', 'b'], ['pack', 7], ['send', 7]] as const
      events.forEach(([type, parcel], index) => follower.take({ type, time: index, subject: 'order-1', data: { parcel } }))
      expect(follower.instances()[0]?.view.tokens.map(({ element, item }) => `${element} ${item}`)).toEqual(['send a', 'sub a'])
      expect(follower.instances()[0]?.view.deviations).toEqual([])
    }
  })

  it('is followed as before when its instance has rested', () => {
    const process = modelOf({ kind: 'items', body: { kind: 'task', started: false, likeEarlier: undefined } })
    const { events } = walkWithItems(process, randomOf(3))
    const [awake, resting] = [new Unit(contextFor(new TrackedModel(process)), 'k'), new Unit(contextFor(new TrackedModel(process)), 'k')]
    for (const [index, event] of events.entries()) {
      for (const unit of [awake, resting]) unit.add([factOf(process, BigInt(index + 1), event.type, event.time, { item: event.item })])
      expect(pictureOf(resting, event.time)).toBe(pictureOf(awake, event.time))
      resting.rest()
      for (const { run } of resting.runs[0]?.items?.all ?? []) for (const step of run.trail.slice(0, -1)) expect(step.story).toBe(undefined)
    }
    expect(pictureOf(resting, 2e12)).toBe(pictureOf(awake, 2e12))
  })

  it('is kept while its instance sleeps, without a place in the table that instances share', () => {
    const process = modelOf({ kind: 'items', body: { kind: 'task', started: false, likeEarlier: undefined } })
    const { events } = walkWithItems(process, randomOf(3))
    const unit = new Unit(contextFor(new TrackedModel(process)), 'k')
    unit.add(events.map((event, index) => factOf(process, BigInt(index + 1), event.type, event.time, { item: event.item })))
    const [before, facts] = [pictureOf(unit, 2e12), [...unit.facts]]
    expect(before).toContain('"item":"i1"')
    unit.sleep(new FactPacker())
    expect(unit.facts).toEqual(facts)
    expect(pictureOf(unit, 2e12)).toBe(before)
  })

  it('cannot be told apart where something outside may ask for it to be undone', async () => {
    const xml = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tm="urn:tidemark:bpmn:1"><process id="P"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="sub"/>
      <subProcess id="sub"><extensionElements><tm:item key="data.x"/></extensionElements><multiInstanceLoopCharacteristics/><startEvent id="s"/><sequenceFlow id="g1" sourceRef="s" targetRef="book"/><task id="book"/>
      <boundaryEvent id="undo" attachedToRef="book"><compensateEventDefinition/></boundaryEvent><task id="unbook" isForCompensation="true"/><association id="as" sourceRef="undo" targetRef="unbook" associationDirection="One"/></subProcess>
      <sequenceFlow id="f2" sourceRef="sub" targetRef="throw"/><endEvent id="throw"><compensateEventDefinition/></endEvent></process></definitions>`
    const { findings, processes } = await readProcesses(xml)
    expect(findings.find(({ code }) => code === 'itemKeyUnused')?.message).toMatch(/not used: something outside may ask for its items to be undone/)
    expect(new TrackedModel(processes[0] ?? processOf({ elements: {}, flows: [] })).itemsAt.size).toBe(0)
  })
})
