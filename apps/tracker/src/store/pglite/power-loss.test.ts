import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { forgetRun, recordRun, setAsideAfterPowerLoss } from './power-loss.js'

let dir: string
const boot = (id: string) => async () => id

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'tidemark-boot-')), 'db')
  mkdirSync(dir)
  writeFileSync(join(dir, 'PG_VERSION'), '18')
})

test('a database that was closed is kept, whatever happened to the machine since', async () => {
  await recordRun(dir, boot('a'))
  await forgetRun(dir)
  await setAsideAfterPowerLoss(dir, boot('b'))
  expect(existsSync(join(dir, 'PG_VERSION'))).toBe(true)
})

test('a database whose process was killed is kept while the machine ran on', async () => {
  await recordRun(dir, boot('a'))
  await setAsideAfterPowerLoss(dir, boot('a'))
  expect(existsSync(join(dir, 'PG_VERSION'))).toBe(true)
})

test('a database that was open when the machine went down is set aside', async () => {
  await recordRun(dir, boot('a'))
  await setAsideAfterPowerLoss(dir, boot('b'))
  expect(existsSync(dir)).toBe(false)
  expect(existsSync(`${dir}.before-power-loss/PG_VERSION`)).toBe(true)
  await setAsideAfterPowerLoss(dir, boot('b'))
})
