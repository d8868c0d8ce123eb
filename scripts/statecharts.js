// Finds the statecharts: every `twins/*/*.machine.ts` that exports a `…Machine`. Runs from the sources.
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tsImport } from 'tsx/esm/api'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Loads a TypeScript module of the project. */
export const load = path => tsImport(join(root, path), import.meta.url)

/** Each with its folder under twins, its export, and the machine itself. */
export async function findStatecharts() {
  const found = []
  for (const folder of readdirSync(join(root, 'twins')).sort()) {
    if (folder.includes('.')) continue
    for (const file of readdirSync(join(root, 'twins', folder)).sort()) {
      if (!file.endsWith('.machine.ts')) continue
      const exports = await load(join('twins', folder, file))
      for (const [name, machine] of Object.entries(exports)) {
        if (name.endsWith('Machine') && machine?.root !== undefined)
          found.push({ folder, file, name, machine })
      }
    }
  }
  return found
}
