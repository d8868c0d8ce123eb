import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { BehaviorSubject } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { mtconnect } from '../../adapters/mtconnect/adapter.js'
import { mtconnectOptions } from '../../adapters/mtconnect/config.js'
import { testContext, testSignal } from '../../adapters/test-context.js'
import type { Reject } from '../../schema/records.js'
import { play } from './player.js'
import { ShdrServer } from './shdr-server.js'
import { surveyRecording } from './survey.js'
import { systemTimer } from './timer.js'

const folder = new URL('../../adapters/mtconnect/recordings/', import.meta.url).pathname

/** The rows of a recording, read without the project's own reader. */
const rowsOf = (path: string) =>
  gunzipSync(readFileSync(path))
    .toString('utf8')
    .split('\n')
    .filter(row => row !== '')
    .map(row => {
      const [time = '', key = '', ...fields] = row.split('|')
      const [value = '', code = ''] = fields
      return { time, key, value: value.trim(), code, isCondition: fields.length === 5 }
    })
type Row = ReturnType<typeof rowsOf>[number]

const isNumeric = ({ value }: Row) =>
  value === 'UNAVAILABLE' || (value !== '' && Number.isFinite(Number(value)))

const signalsOf = (rows: readonly Row[]) =>
  [...new Set(rows.map(({ key }) => key))].map((key, index) => {
    const own = rows.filter(row => row.key === key)
    if (own[0]!.isCondition) return testSignal(index, key, { quantity: 'condition', type: 'text' })
    return own.every(isNumeric)
      ? testSignal(index, key)
      : testSignal(index, key, { quantity: 'state', type: 'text' })
  })

/** The worst level of each row's condition, as it stands then: `Normal` with a code ends that of the code alone. */
function levelsOf(rows: readonly Row[]): Map<Row, string> {
  const standing = new Map<string, Map<string, string>>()
  const levels = new Map<Row, string>()
  for (const row of rows.filter(({ isCondition }) => isCondition)) {
    const level = row.value.toLowerCase()
    const own = standing.get(row.key) ?? new Map<string, string>()
    standing.set(row.key, own)
    if (level === 'unavailable' || (level === 'normal' && row.code === '')) own.clear()
    else if (level === 'normal') own.delete(row.code)
    else own.set(row.code, level)
    const worst = ['fault', 'warning'].find(each => [...own.values()].includes(each))
    levels.set(row, level === 'unavailable' ? level : (worst ?? 'normal'))
  }
  return levels
}

let server: ShdrServer | undefined
afterEach(() => server?.close())

describe('a recorded machine-day, played at full speed into the adapter', () => {
  it.each([
    ['Mazak01-20170608-20170609.txt.gz', 99_530],
    ['Mazak03-20170502-20170503.txt.gz', 63_280],
  ])(
    'arrives whole and in order: %s',
    async (name, expectedRows) => {
      const path = `${folder}${name}`
      const rows = rowsOf(path)
      expect(rows).toHaveLength(expectedRows)
      const signals = signalsOf(rows)
      const levels = levelsOf(rows)
      server = await ShdrServer.listen('127.0.0.1', 0)
      const survey = await surveyRecording(path)
      const options = { path, survey, server, timer: systemTimer, report: () => undefined }
      const played = play({ ...options, speed: 'max', isLooped: false }, new AbortController().signal)

      const accepted = new BehaviorSubject(0)
      const context = testContext({ signals, accepted, window: 5_000 })
      const heard: { signal: number; time: number; value: number }[] = []
      const rejects: Reject[] = []
      const port = Number(server.address.split(':')[1])
      const lost = await new Promise(resolve => {
        mtconnect.create(mtconnectOptions.parse({ host: '127.0.0.1', port }), context).subscribe({
          next: event => {
            if (event.kind === 'rejects') rejects.push(...event.rejects)
            if (event.kind !== 'samples') return
            const { count, signal, sourceTime, value } = event.batch
            for (let i = 0; i < count; i++)
              heard.push({ signal: signal[i]!, time: sourceTime[i]!, value: value[i]! })
            // Accepted some time later, as a spool would.
            setImmediate(() => accepted.next(heard.length))
          },
          error: resolve,
        })
      })

      expect(await played).toEqual({ rows: expectedRows, repeated: 0, rounds: 1 })
      expect(lost).toMatchObject({
        code: 'not-connected',
        message: expect.stringContaining('closed the connection'),
      })
      expect(rejects).toEqual([])
      expect(heard).toHaveLength(expectedRows)
      for (const [i, row] of rows.entries()) {
        const { time, key, value } = row
        const sample = heard[i]!
        const { signal } = signals[sample.signal]!
        const said = signal.type === 'number' ? sample.value : context.text(sample.value)
        const level = signal.quantity === 'condition' ? String(said).split(' ')[0]?.toLowerCase() : undefined
        const number = value === 'UNAVAILABLE' ? Number.NaN : Number(value)
        const isSame =
          level === undefined
            ? Object.is(said, signal.type === 'number' ? number : value)
            : level === levels.get(row)
        if (signal.tag !== key || !isSame) {
          expect.fail(`row ${i}: heard ${signal.tag} = ${said}, the recording has ${key} = ${value}`)
        }
        if (Math.abs(sample.time - Date.parse(time)) >= 1)
          expect.fail(`row ${i}: heard at ${sample.time}, not ${time}`)
      }
    },
    20_000,
  )
})
