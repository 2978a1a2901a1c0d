/** The package as people get it: made by `npm pack`, and installed where no registry is asked. */
import { beforeAll, expect } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dir, '../..')

/** A file that is there while the tests of one file run; asked for within a test. */
export function packed(): () => string {
  let tarball = ''
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'smartedge-packed-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    const { exitCode, stdout } = Bun.spawnSync(['npm', 'pack', '--json', '--pack-destination', folder], {
      cwd: root,
      stderr: 'ignore',
    })
    expect(exitCode).toBe(0)
    const [made] = Object.values(JSON.parse(stdout.toString()) as Record<string, { filename: string }>)
    tarball = join(folder, made?.filename ?? '')
  }, 60_000)
  return () => tarball
}

/** Below `folder`'s node_modules, beside links to what this clone has installed. Returns the command's path. */
export function installOffline(tarball: string, folder: string): string {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'smartedge'), { recursive: true })
  const { exitCode } = Bun.spawnSync(['tar', 'xzf', tarball, '--strip-components=1', '-C', join(modules, 'smartedge')])
  expect(exitCode).toBe(0)
  const installed = join(root, 'node_modules')
  for (const name of readdirSync(installed))
    if (!name.startsWith('.')) symlinkSync(join(installed, name), join(modules, name))
  mkdirSync(join(modules, '.bin'))
  symlinkSync('../smartedge/bin/smartedge', join(modules, '.bin/smartedge'))
  return join(modules, '.bin/smartedge')
}
