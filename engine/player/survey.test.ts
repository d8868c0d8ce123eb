import { afterEach, describe, expect, it } from 'vitest'
import { rowTime, surveyRecording } from './survey.js'
import { TestRecordings } from './test-support.js'

const recordings = new TestRecordings()
afterEach(() => recordings.remove())

const row = (time: string) => `${time}|Xabs|1`
/** A row a minute. */
const minutes = (from: string, count: number) =>
  Array.from({ length: count }, (_, i) => row(new Date(Date.parse(from) + i * 60_000).toISOString()))
const survey = async (rows: readonly string[]) => surveyRecording(await recordings.write('log.txt', rows))

describe('the survey of a recording', () => {
  it('takes rows of earlier days for old news', async () => {
    const old = [row('2017-01-23T18:33:25Z'), row('2017-06-07T19:26:30Z'), row('2017-06-07T19:26:30Z')]
    expect(await survey([...old, ...minutes('2017-06-08T09:05:00Z', 10)])).toEqual({
      rows: 13,
      bodyFrom: 3,
      firstTime: Date.UTC(2017, 5, 8, 9, 5),
      lastTime: Date.UTC(2017, 5, 8, 9, 14),
    })
  })

  it('finds the body of the recorded days', async () => {
    const folder = new URL('../../adapters/mtconnect/recordings/', import.meta.url).pathname
    expect(await surveyRecording(`${folder}Mazak01-20170608-20170609.txt.gz`)).toMatchObject({
      rows: 99_530,
      bodyFrom: 86,
      lastTime: Date.parse('2017-06-08T19:18:39.891Z') + 0.696,
    })
    expect(await surveyRecording(`${folder}Mazak03-20170502-20170503.txt.gz`)).toMatchObject({
      rows: 63_280,
      bodyFrom: 65,
    })
  })

  it('keeps a recording that runs over midnight in one piece', async () => {
    const rows = minutes('2017-06-08T22:00:00Z', 400)
    expect((await survey([row('2017-06-01T00:00:00Z'), ...rows])).bodyFrom).toBe(1)
  })

  it('takes an earlier day for part of the recording when it is as full as a day', async () => {
    const rows = [...minutes('2017-06-06T02:00:00Z', 1000), ...minutes('2017-06-08T00:00:00Z', 1400)]
    expect((await survey([row('2017-06-01T00:00:00Z'), ...rows])).bodyFrom).toBe(1)
  })

  it('prefers the later of two days with equally many rows', async () => {
    expect((await survey([row('2017-01-23T18:33:25Z'), row('2017-06-08T09:05:00Z')])).bodyFrom).toBe(1)
  })

  it('counts rows without a time as rows', async () => {
    expect(await survey(['rubbish', '|Xabs|1', '', row('2017-06-08T09:05:00Z')])).toMatchObject({
      rows: 3,
      bodyFrom: 2,
    })
    expect(rowTime('5000|Xabs|1')).toBeUndefined()
  })
})

describe('a recording that cannot be played is refused in one line', () => {
  it.each([
    ['an empty file', 'log.txt', Buffer.alloc(0), /is empty/],
    ['a file of blank lines', 'log.txt', Buffer.from('\n\n'), /is empty/],
    ['a file without times', 'log.txt', Buffer.from('a\nb|c|d\n'), /has no row with a readable time/],
    ['text named as gzip', 'log.gz', Buffer.from('a\n'), /is not gzip/],
    ['an empty gzip', 'log.gz', Buffer.alloc(0), /is not gzip/],
    [
      'a damaged gzip',
      'log.gz',
      Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]),
      /is damaged|is cut off/,
    ],
    ['a gzip that is cut off', 'log.gz', Buffer.from([0x1f, 0x8b, 8, 0, 0]), /is cut off/],
  ])('%s', async (_, name, bytes, message) => {
    const path = await recordings.write(name, bytes)
    const failure = await surveyRecording(path).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'EngineError',
      code: 'bad-input',
      message: expect.stringMatching(message),
    })
    expect((failure as Error).message).toContain(path)
    expect((failure as Error).message).not.toContain('\n')
  })

  it('a missing file and a folder', async () => {
    const path = await recordings.write('log.txt', [])
    await expect(surveyRecording(`${path}.gz`)).rejects.toThrow(`there is no file ${path}.gz`)
    await expect(surveyRecording(path.replace('/log.txt', ''))).rejects.toThrow('is a folder')
  })
})
