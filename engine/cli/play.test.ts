import { afterEach, describe, expect, it, vi } from 'vitest'
import { TestReader, TestRecordings } from '../player/test-support.js'
import { playCommand } from './play.js'

const recordings = new TestRecordings()
afterEach(() => recordings.remove())

const row = '2017-06-08T09:07:44.696Z|execution|ACTIVE'

const run = (...argv: string[]) => {
  const stopped = new AbortController()
  const [out, err] = [[], []] as [string[], string[]]
  const io = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), env: {} }
  const code = playCommand.run(argv, { ...io, signal: stopped.signal })
  const address = async () => {
    const waiting = await vi.waitFor(() => err.find(line => line.startsWith('waiting')) ?? expect.fail())
    return waiting.replace(/^waiting for a reader on (.*) …$/, '$1')
  }
  return { code, out, err, stopped, address }
}

describe('gemba play', () => {
  it('serves a recording to its end and says so', async () => {
    const path = await recordings.write('log.gz', [row, row])
    const { code, out, address } = run(path, '--shdr', '0', '--speed', 'max')
    const reader = new TestReader(await address())
    await reader.ended
    expect(await code).toBe(0)
    expect(reader.rows).toEqual([row, row])
    expect(out).toEqual([expect.stringMatching(/^played 2 rows of .*log\.gz in \d+\.\d s$/)])
  })

  it('stops at Ctrl-C and says what it sent', async () => {
    const path = await recordings.write('log.txt', [row])
    const { code, out, stopped, address } = run(path, '--shdr', '0')
    await address()
    stopped.abort()
    expect(await code).toBe(0)
    expect(out).toEqual([expect.stringMatching(/^stopped after 0 rows/)])
  })

  it.each([
    ['no log', ['--shdr', '7878'], 'name the log to play'],
    ['no port', ['log.gz'], '--shdr <port> is missing'],
    ['two logs', ['a.gz', 'b.gz', '--shdr', '1'], 'one log at a time'],
    ['a port that is none', ['log.gz', '--shdr', '70000'], '--shdr 70000 is not a port'],
    ['a speed that is none', ['log.gz', '--shdr', '1', '--speed', 'fast'], '--speed fast is not a speed'],
    ['a speed of nothing', ['log.gz', '--shdr', '1', '--speed=0'], '--speed 0 is not a speed'],
    ['an option that is none', ['log.gz', '--shdr', '1', '--fast'], 'there is no option --fast'],
  ])('refuses %s as bad usage', async (_, argv, message) => {
    const { code, err } = run(...argv)
    expect(await code).toBe(2)
    expect(err).toEqual([expect.stringContaining(message)])
    expect(err[0]).toMatch(/^gemba: play: [^\n]* See gemba play --help\.$/)
  })

  it('refuses what it cannot read in one line, before it listens', async () => {
    const { code, err, out } = run('/nowhere/log.gz', '--shdr', '0')
    expect(await code).toBe(1)
    expect({ err, out }).toEqual({
      err: ['gemba: there is no file /nowhere/log.gz. Check the path.'],
      out: [],
    })
  })
})
