// Writes package-lock.json anew. Packages that exist for other platforms only are optional dependencies; where the
// registry in use does not carry them, npm leaves them out of the lockfile, and `npm ci` then refuses it everywhere.
// So they are put in by name and version; npm skips them wherever os and cpu do not match.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'openbsd',
  'netbsd',
  'win32',
  'aix',
  'sunos',
  'openharmony',
]
const processors = [
  'arm64',
  'arm',
  'armv7',
  'x64',
  'ia32',
  'ppc64',
  'ppc64le',
  's390x',
  'riscv64',
  'loong64',
  'mips64el',
  'wasm32',
]

/** What a package named `…-darwin-arm64` runs on. */
function platformOf(name) {
  const words = name.split(/[-/]/)
  const os = systems.find(
    system => words.includes(system) || (system === 'win32' && words.includes('windows')),
  )
  const processor = processors.find(candidate => words.includes(candidate))
  const isArm = words.some(word => /^(arm|armv7|gnueabihf|eabi|armhf)/.test(word) && word !== 'arm64')
  const cpu = isArm ? 'arm' : processor
  const libc = words.includes('musl') ? 'musl' : words.includes('gnu') ? 'glibc' : undefined
  return { ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }), ...(os && { os: [os] }) }
}

const folder = mkdtempSync(join(tmpdir(), 'lock-'))
for (const file of ['package.json', '.npmrc']) copyFileSync(file, join(folder, file))
const { status } = spawnSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
  cwd: folder,
  stdio: 'inherit',
})
if (status !== 0) process.exit(1)

const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'))
rmSync(folder, { recursive: true })
let added = 0
for (const entry of Object.values({ ...lock.packages })) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`
    if (lock.packages[path] !== undefined) continue
    const version = range.replace(/^[\^~]/, '')
    lock.packages[path] = { version, ...platformOf(name), ...(entry.dev && { dev: true }), optional: true }
    added++
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
console.log(
  `package-lock.json: ${Object.keys(lock.packages).length} packages, ${added} of them for other platforms`,
)
