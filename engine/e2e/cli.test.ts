import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { GembaProcess, root } from './process.js'

const plant = 'plants/automotive-cell.yaml'
let folder: string
const running: GembaProcess[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-cli-'))
})
afterEach(async () => {
  for (const gemba of running.splice(0)) await gemba.stop()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function gemba(...args: string[]): GembaProcess {
  const started = new GembaProcess(args)
  running.push(started)
  return started
}
const start = (...args: string[]): GembaProcess => gemba('start', '--plant', plant, '--port', '0', ...args)
const machinesOf = async (url: string) => {
  const answer = await fetch(`${url}/api/v1/machines`)
  return ((await answer.json()) as { items: { id: string; state: string }[] }).items
}
const metric = async (url: string, name: string) => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(text.match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1])
}

/** Asks the embedded ClickHouse that this one announced, as anybody could; answers with the numbers. */
async function ask(gemba: GembaProcess, query: string): Promise<number[]> {
  const [, url] = gemba.lines.join('\n').match(/ClickHouse answers at (http:\/\/[\d.:]+)/)!
  const answer = await fetch(`${url}/?query=${encodeURIComponent(`${query} FORMAT TSV`)}`)
  return (await answer.text()).trim().split('\t').map(Number)
}

describe('the command line', () => {
  it('tells what it can do, and turns down a verb it does not know with exit code 2', async () => {
    const help = gemba('--help')
    expect(await help.ended()).toBe(0)
    expect(help.lines.join('\n')).toMatch(/start .*\n.*validate/)
    const unknown = gemba('strat')
    expect(await unknown.ended()).toBe(2)
    expect(unknown.errors).toContain('there is no verb "strat". Did you mean "start"?')
    const version = gemba('--version')
    expect(await version.ended()).toBe(0)
    expect(version.lines.join()).toMatch(/^\d+\.\d+\.\d+$/)
  })

  it('ends once a slow reader has taken all of what it prints, and quietly where one has seen enough', async () => {
    // What is stale is built before, or building would be the slow part.
    await gemba('--help').ended()
    const piped = (reader: string) => {
      const line = `{ "$0" scripts/gemba.js schema; echo "code $?" >&2; } | ${reader}`
      const options = { cwd: root, encoding: 'utf8' } as const
      const { stdout, stderr } = spawnSync('sh', ['-c', line, process.execPath], options)
      return { stdout, stderr }
    }
    const whole = piped('cat')
    // More than a pipe takes at once, or nothing waits for the reader.
    expect(whole.stdout.length).toBeGreaterThan(100_000)
    expect(piped('{ dd bs=1 count=1 status=none; sleep 1; cat; }')).toEqual(whole)
    const [first] = whole.stdout.split('\n', 1)
    expect(piped('head -1')).toEqual({ stdout: `${first}\n`, stderr: 'code 0\n' })
  })

  it('ends a start without room for files with the next step and exit code 4', async () => {
    // What is stale is built before: afterwards nothing could be.
    await gemba('--help').ended()
    const args = [join(root, 'scripts/gemba.js'), 'start', '--plant', plant, '--port', '0']
    const options = { cwd: root, encoding: 'utf8' } as const
    const limited = ['--fsize=0', process.execPath, ...args, '--data', join(folder, 'no-room')]
    const { status, stderr } = spawnSync('prlimit', limited, options)
    expect(stderr).toMatch(/^gemba: The disk of \S+no-room is full \(.*EFBIG: .*\)\. Free some space on it/m)
    expect(stderr).not.toMatch(/^ {4}at /m)
    expect(status).toBe(4)
  })

  it('has every verb that the README names', async () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const verbs = new Set([...readme.matchAll(/npx gemba (\w+)/g)].map(([, verb]) => verb!))
    expect(verbs.size).toBeGreaterThan(3)
    for (const verb of verbs) {
      const help = gemba(verb, '--help')
      expect(await help.ended()).toBe(0)
      expect(help.lines[0]).toContain(`gemba ${verb}`)
    }
  })

  it('refuses a plant file that is not UTF-8 rather than show names with holes', async () => {
    const latin = join(folder, 'latin.yaml')
    writeFileSync(latin, Buffer.from('gemba: 1\nname: M\u00fcnchen\n', 'latin1'))
    const validate = gemba('validate', latin)
    expect(await validate.ended()).toBe(1)
    expect(validate.errors).toContain('it is not UTF-8; save it as UTF-8')
  })

  it('refuses a plant file with a wrong unit, in validate and in start, with line, value and fix', async () => {
    const broken = join(folder, 'broken.yaml')
    writeFileSync(
      broken,
      [
        'gemba: 1',
        'name: Broken',
        'enterprise: Example',
        'sources: { simulator: { adapter: simulator } }',
        'sites:',
        '  - id: s1',
        '    timeZone: UTC',
        '    areas:',
        '      - id: a1',
        '        lines:',
        '          - id: l1',
        '            machines:',
        '              - id: m1',
        '                type: cnc-mill',
        '                source: simulator',
        '                signals: { extra: { quantity: temperature, unit: mm, range: [0, 1] } }',
      ].join('\n'),
    )
    const validate = gemba('validate', broken)
    expect(await validate.ended()).toBe(1)
    expect(validate.lines.join('\n')).toMatch(
      /broken\.yaml:16:\d+ {2}sites\[0\]\.areas\[0\]\.lines\[0\]\.machines\[0\]\.signals\.extra\.unit: "mm".*°C/,
    )
    const started = gemba('start', '--plant', broken, '--port', '0', '--data', join(folder, 'broken'))
    expect(await started.ended()).toBe(1)
    expect(started.errors).toContain('"mm"')
  })

  it('checks the options of a source with the adapter that it names', async () => {
    const file = join(folder, 'source.yaml')
    writeFileSync(
      file,
      'gemba: 1\nname: X\nenterprise: Y\nsources:\n  a: { adapter: mtconnect, host: h, port: 99999 }\n  b: { adapter: opcda }\nsites: []\n',
    )
    const validate = gemba('validate', file)
    expect(await validate.ended()).toBe(1)
    expect(validate.lines.join('\n')).toMatch(
      /:5:\d+ {2}sources\.a\.port: .*\n.*:6:\d+ {2}sources\.b\.adapter: there is no adapter "opcda"/,
    )
  })

  it.each([
    ['--host', '0.0.0.0', 'loopback only'],
    ['--port', '99999', '--port'],
    ['--dance', 'tango', '--dance'],
  ])('refuses %s %s with exit code 2', async (flag, value, said) => {
    const started = start('--data', join(folder, 'never'), flag, value)
    expect(await started.ended()).toBe(2)
    expect(started.errors).toContain(said)
  })

  it('gives up on Ctrl-C while its ClickHouse does not answer', async () => {
    const data = join(folder, 'away')
    const first = start('--data', data)
    await first.live()
    await first.stop()
    const second = start('--data', data, '--clickhouse-url', 'http://127.0.0.1:1')
    await expect.poll(() => second.lines.join('\n'), { timeout: 15_000 }).toContain('does not answer')
    expect(await second.stop()).toBe(0)
    expect(second.errors).toMatch(
      /^gemba: The start was given up while ClickHouse at http:\/\/127\.0\.0\.1:1\/? did not answer/,
    )
    expect(second.lines.join('\n')).not.toContain('ClickHouse answers')
  })

  it('says in one line that the port is in use, and ends with 3', async () => {
    const taken = createServer()
    await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const second = gemba('start', '--plant', plant, '--port', String(port), '--data', join(folder, 'port'))
    expect(await second.ended()).toBe(3)
    expect(second.errors.trim()).toMatch(new RegExp(`^gemba: .*${port}.*--port.*$`))
    await new Promise(resolve => taken.close(resolve))
  })

  it('says in one line that the data folder is in use or cannot be written, and ends with 4', async () => {
    const data = join(folder, 'shared')
    await start('--data', data).live()
    const second = start('--data', data)
    expect(await second.ended()).toBe(4)
    expect(second.errors.trim()).toMatch(/^gemba: The data folder .* is in use by another gemba\..*$/)
    const third = start('--data', '/dev/null/nowhere')
    expect(await third.ended()).toBe(4)
    expect(third.errors.trim()).toMatch(/^gemba: The data folder .* cannot be written .*$/)
  })

  it('stops on Ctrl-C, says what it wrote, and goes on from there at the next start', async () => {
    const data = join(folder, 'stopped')
    const first = start('--data', data)
    const url = await first.live()
    await expect.poll(() => metric(url, 'gemba_samples_total'), { timeout: 15_000 }).toBeGreaterThan(20)
    expect(await first.stop()).toBe(0)
    expect(first.lines.at(-1)).toMatch(/stopped; [1-9]\d* rows written, nothing is left/)
    const second = start('--data', data)
    await second.live()
    expect(second.lines.join('\n')).toMatch(/[1-9]\d* twins go on from their snapshots/)
  })

  it('after kill -9 goes on from its snapshots, with everything it had accepted in the store once', async () => {
    const data = join(folder, 'killed')
    const first = start('--data', data)
    const url = await first.live()
    await expect
      .poll(async () => (await ask(first, 'SELECT count() FROM gemba.twin_snapshots'))[0], {
        timeout: 20_000,
      })
      .toBeGreaterThan(3)
    const accepted = await metric(url, 'gemba_samples_total')
    await first.stop('SIGKILL')

    const second = start('--data', data)
    const again = await second.live()
    expect(second.lines.join('\n')).toMatch(/[1-9]\d* twins go on from their snapshots/)
    await expect
      .poll(async () => (await machinesOf(again)).filter(({ state }) => state !== 'Undefined').length, {
        timeout: 15_000,
      })
      .toBe(3)
    expect(await second.stop()).toBe(0)

    const third = start('--data', data)
    await third.live()
    const [rows, different] = await ask(third, 'SELECT count(), uniqExact(seq) FROM gemba.telemetry')
    expect(rows).toBeGreaterThanOrEqual(accepted)
    expect(rows).toBe(different)
  }, 90_000)
})
