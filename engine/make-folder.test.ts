import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeOutputFolder } from './make-folder.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemba-make-folder-'))
  writeFileSync(join(folder, 'a-file'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

it('makes it with all above it, and takes one that is there', () => {
  const inner = join(folder, 'one/two')
  makeOutputFolder(inner)
  makeOutputFolder(inner)
  expect(statSync(inner).isDirectory()).toBe(true)
})

it.each([
  ['a file', () => join(folder, 'a-file'), /there is a file in its place/],
  ['below a file', () => join(folder, 'a-file/inner'), /there is a file in its place/],
  [
    'where the system makes none, which the recursive form of mkdir never tells',
    () => '/proc/nowhere/at-all',
    /ENOENT/,
  ],
])('says why nothing can be written: %s', (_, path, why) => {
  expect(() => makeOutputFolder(path())).toThrow(
    expect.objectContaining({ code: 'bad-input', message: expect.stringMatching(why) }),
  )
})
