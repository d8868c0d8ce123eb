// Everything a clean machine needs to trust the build: what the tests need beyond npm, the checks, the tests.
// `--soak` runs the long forms as well.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** What the tests start that npm does not bring: the command and Debian's package. */
const needed = [
  { command: 'chromium', debianPackage: 'chromium' },
  { command: 'curl', debianPackage: 'curl' },
  { command: 'mosquitto', debianPackage: 'mosquitto' },
  { command: 'mosquitto_pub', debianPackage: 'mosquitto-clients' },
  { command: 'openssl', debianPackage: 'openssl' },
  { command: 'python3', debianPackage: 'python3-minimal' },
]

/** What those tests start that is no command: a file that is there once Debian's package is. */
const neededFiles = [
  { file: '/usr/lib/python3/dist-packages/pymodbus', debianPackage: 'python3-pymodbus' },
  { file: '/usr/lib/python3/dist-packages/serial', debianPackage: 'python3-serial' },
  { file: '/usr/lib/python3/dist-packages/serial_asyncio', debianPackage: 'python3-serial-asyncio' },
]

const missing = [
  ...needed.filter(({ command }) => !isOnPath(command)),
  ...neededFiles.filter(({ file }) => !existsSync(file)),
].map(({ debianPackage }) => debianPackage)
if (missing.length > 0) install(missing)

if (!(await build({ log: line => console.log(line) }))) process.exit(1)
run('npm', ['run', '--silent', 'check'])
const isSoak = process.argv.includes('--soak')
run(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...process.argv.slice(2).filter(arg => arg !== '--soak'),
  ],
  {
    ...(isSoak && { GEMBA_SOAK: '1' }),
  },
)
if (isSoak) run(process.execPath, [join(root, 'scripts/mutate.js'), '--all'])

function isOnPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some(folder => existsSync(join(folder, command)))
}

function install(packages) {
  const command = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`
  const isDebianRoot = existsSync('/etc/debian_version') && process.getuid?.() === 0
  if (!isDebianRoot) {
    console.error(
      `The tests need ${packages.join(', ')}. Install it, on Debian as root with:\n\n  ${command}\n`,
    )
    process.exit(1)
  }
  console.log(`Installing what the tests need: ${packages.join(', ')}`)
  const { status } = spawnSync('bash', ['-c', command], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) process.exit(1)
}

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  if (status !== 0) process.exit(status ?? 1)
}
