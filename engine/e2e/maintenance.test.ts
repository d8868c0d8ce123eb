import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { GembaProcess, root } from './process.js'

const plant = join(root, 'plants/automotive-cell.yaml')
let data: string
let gemba: GembaProcess
let url: string

async function start(): Promise<void> {
  gemba = new GembaProcess(['start', '--plant', plant, '--data', data, '--port', '0'])
  url = await gemba.live()
}

async function ask(path: string, body?: object, method = body ? 'POST' : 'GET') {
  const request = { method, ...(body && { body: JSON.stringify(body) }) }
  const answer = await fetch(`${url}/api/v1${path}`, {
    ...request,
    headers: { 'content-type': 'application/json' },
  })
  // biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
  return { status: answer.status, body: (answer.status === 204 ? undefined : await answer.json()) as any }
}

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'gemba-maintenance-'))
  await start()
})
afterEach(async () => {
  await gemba.stop('SIGKILL')
  rmSync(data, { recursive: true, force: true })
})

it('mends a simulated press, and is remembered or withdrawn though the engine is killed right after the answer', async () => {
  const stages = async () =>
    (await ask('/machines/press-01')).body.faults.map((fault: { pattern: string; stage: string }) => [
      fault.pattern,
      fault.stage,
    ])
  const by = { who: 'Ada', reason: 'to see it mended' }
  await ask('/machines/press-01/faults', {
    pattern: 'hydraulic-leak',
    severity: 0.9,
    timeToFailure: 5,
    ...by,
  })
  await expect.poll(stages, { timeout: 30_000 }).toEqual([['hydraulic-leak', 'severe']])

  const now = Date.now()
  const told = {
    machine: 'press-01',
    kind: 'corrective',
    start: new Date(now - 1_000).toISOString(),
    end: new Date(now + 8_000).toISOString(),
    fault: 'hydraulic-leak',
    parts: [{ part: 'seal', quantity: 1, cost: 12.5 }],
    who: 'Ines',
  }
  const taken = await ask('/maintenance', told)
  expect(taken.status).toBe(201)
  expect(taken.body.moved.reason).toMatch(
    /^press-01 is in \w+; it goes into Maintenance when it stands\.$|^$/,
  )
  const seen = async () => {
    const { mode, faults } = (await ask('/machines/press-01')).body
    return [mode, faults.find((fault: { pattern: string }) => fault.pattern === 'hydraulic-leak')?.stage]
  }
  await expect.poll(seen, { timeout: 30_000, interval: 200 }).toEqual(['Maintenance', 'underRepair'])
  await expect.poll(async () => (await seen())[0], { timeout: 30_000 }).toBe('Production')
  await expect
    .poll(async () => (await stages()).filter(([, stage]: string[]) => stage === 'severe'), {
      timeout: 30_000,
    })
    .toEqual([])

  const sensor = '/signals/press-01.hydraulic-pressure'
  const calibration = { time: told.start, who: 'Ines', reference: 150, reading: 150.5 }
  expect((await ask(`${sensor}/calibrations`, calibration)).status).toBe(201)
  await gemba.stop('SIGKILL')
  await start()
  expect((await ask('/maintenance')).body.items).toEqual([
    expect.objectContaining({ id: `press-01@${told.start}`, cost: 12.5 }),
  ])
  expect((await ask(`${sensor}/calibrations`)).body.items).toEqual([expect.objectContaining({ offset: 0.5 })])

  const path = `/maintenance/${encodeURIComponent(`press-01@${told.start}`)}`
  expect((await ask(path, undefined, 'DELETE')).status).toBe(204)
  await gemba.stop('SIGKILL')
  await start()
  expect((await ask('/maintenance')).body.items).toEqual([])
})
