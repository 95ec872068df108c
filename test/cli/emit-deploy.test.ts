import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startFakeTracker, type FakeTracker } from './fake-tracker.js'
import { tidemark } from './run-command.js'

let folder = ''
let tracker: FakeTracker
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-cli-'))
  tracker = await startFakeTracker()
})
afterEach(async () => {
  await tracker.stop()
  await rm(folder, { recursive: true })
})

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}

describe('emit', () => {
  test('sends one event from flags and says where it stands', async () => {
    const ran = await tidemark('emit', '--type', 'order.placed', '--subject', 'o-1', '--data', '{"amount":5}', '--id', 'e1', '--url', tracker.url, '--output', 'json')
    expect(JSON.parse(ran.stdout)).toEqual({ accepted: 1, duplicates: 0, position: '1' })
    expect(tracker.events).toEqual([
      { specversion: '1.0', id: 'e1', source: '/cli', type: 'order.placed', subject: 'o-1', datacontenttype: 'application/json', data: { amount: 5 } },
    ])
  })

  test('sends files of events, one a line or as an array, and adds only what is missing', async () => {
    const lines = await file('events.jsonl', '{"type":"a","id":"1"}\n\n{"type":"b","source":"/shop"}\n')
    await tidemark('emit', '--file', lines, '--url', tracker.url)
    await tidemark('emit', '--file', await file('events.json', '[{"type":"c"},{"type":"d"}]'), '--url', tracker.url)
    expect(tracker.events.map((event) => [event.type, event.source])).toEqual([['a', '/cli'], ['b', '/shop'], ['c', '/cli'], ['d', '/cli']])
    expect(new Set(tracker.events.map((event) => event.id)).size).toBe(4)
  })

  test('is wrong use without a type, with data that is no JSON, or with a line that is no event', async () => {
    expect((await tidemark('emit', '--url', tracker.url)).stderr).toContain('Give --type')
    expect((await tidemark('emit', '--type', 'a', '--data', '{oops', '--url', tracker.url)).stderr).toContain('--data is no JSON')
    const ran = await tidemark('emit', '--file', await file('bad.jsonl', '{"type":"a"}\nnope\n'), '--url', tracker.url)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('bad.jsonl, line 2 is no JSON')
  })
})

describe('deploy', () => {
  test('sends the file as it is', async () => {
    const ran = await tidemark('deploy', await file('m.bpmn', '<definitions/>'), '--url', tracker.url)
    expect(ran.code).toBe(0)
    expect(ran.stdout).toContain('deployed: m version 1 (M)')
    expect(tracker.deployed).toEqual([{ type: 'application/xml', body: '<definitions/>' }])
  })

  test('sends a mapping beside the model, whatever the encoding of the file', async () => {
    const latin = await file('m.bpmn', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a name="Pr\u00fcfen"/>', 'latin1'))
    await tidemark('deploy', latin, '--mapping', await file('map.yaml', 'key: data.id'), '--url', tracker.url)
    expect(tracker.deployed[0]?.type).toBe('application/json')
    const sent = JSON.parse(tracker.deployed[0]?.body ?? '') as { xml: string; mapping: string }
    expect(sent.xml).toContain('Pr\u00fcfen')
    expect(sent.mapping).toBe('key: data.id')
  })

  test('sends a decision beside the model', async () => {
    await tidemark('deploy', await file('m.bpmn', '<definitions/>'), '--decision', await file('strays.dmn', '<dmn/>'), '--url', tracker.url)
    expect(JSON.parse(tracker.deployed[0]?.body ?? '')).toEqual({ xml: '<definitions/>', decision: '<dmn/>' })
  })

  test('shows the findings of a model that cannot be followed, and exits with 1', async () => {
    const findings = [{ code: 'unsupportedElement', severity: 'error', elementId: 'G1', message: 'Not yet.' }]
    tracker.onDeploy = { status: 422, body: { type: 'urn:tidemark:problem:modelRefused', title: 'refused', status: 422, code: 'modelRefused', findings } }
    const model = await file('m.bpmn', '<definitions/>')
    const ran = await tidemark('deploy', model, '--url', tracker.url)
    expect(ran.code).toBe(1)
    expect(ran.stdout).toMatch(/refused: .*m\.bpmn[^]*error +unsupportedElement {2}G1: Not yet\./)
    expect(JSON.parse((await tidemark('deploy', model, '--url', tracker.url, '--output', 'json')).stdout)).toEqual({ findings })
  })

  test('is wrong use without a file', async () => {
    const ran = await tidemark('deploy', join(folder, 'none.bpmn'), '--url', tracker.url)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('cannot be read')
  })
})
