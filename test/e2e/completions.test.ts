// Shells complete `smartedge` as people have it done: keys typed on a terminal, what then stands on the line.
import { afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Shell, shells } from '../../cli/completion/scripts.ts'
import { adminServer, urlOf } from '../support/admin-server.ts'
import { onTerminal } from '../support/on-terminal.ts'

const bin = resolve(import.meta.dir, '../../bin')
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

const programs: Readonly<Record<Shell, { readonly start: readonly string[]; readonly load: string }>> = {
  bash: { start: ['bash', '--norc', '--noprofile'], load: 'source <(smartedge completions bash); echo loa""ded' },
  zsh: {
    start: ['zsh', '-f'],
    load: 'autoload -Uz compinit; compinit -u -D; source <(smartedge completions zsh); echo loa""ded',
  },
  fish: { start: ['fish', '--private', '--no-config'], load: 'smartedge completions fish | source; echo loa""ded' },
}

async function open(shell: Shell) {
  if (Bun.which(shell) === null) throw new Error(`${shell} is not installed: apt-get install ${shell}`)
  const cwd = mkdtempSync(join(tmpdir(), 'smartedge-completions-'))
  endings.push(() => rmSync(cwd, { recursive: true }))
  writeFileSync(join(cwd, 'my-config.json'), '{}')
  const url = urlOf(await adminServer())
  const env = { PATH: `${bin}:${process.env['PATH']}`, HOME: cwd, SMARTEDGE_ADMIN_URL: url, PS1: '$ ' }
  const { start, load } = programs[shell]
  const terminal = onTerminal(start, { env, cwd, columns: 120 })
  endings.push(async () => {
    terminal.child.kill('SIGKILL')
    await terminal.child.exited
  })
  terminal.type(`${load}\r`)
  await terminal.until('loaded')
  return terminal
}

/** Typed, completed, run: `echo` shows what became of it. */
const cases = [
  ['smartedge comple\t', 'completions'],
  ['smartedge backend dr\t', 'drain'],
  // bash cuts words at colons.
  ['smartedge backend drain 10.0.0.1\t', 'drain 10.0.0.1:80'],
  ['smartedge backend drain 10.0.0.1:\t', 'drain 10.0.0.1:80'],
  ['smartedge backend list --pool=w\t', '--pool=web'],
  ['smartedge backend list --pool w\t', '--pool web'],
  ['smartedge validate my-\t', 'my-config.json'],
  ['smartedge status --con\t', '--config'],
] as const

describe.each(shells)('%s', (shell) => {
  test('completes commands, options, files and names of what runs', async () => {
    const { type, until } = await open(shell)
    for (const [keys, whole] of cases) {
      type(keys)
      await until(whole)
      // The line is thrown away.
      type('\u0015')
    }
  }, 60_000)

  test('runs nothing of what stands on the line', async () => {
    const { type, until, all } = await open(shell)
    type('smartedge backend drain $(echo pwn""ed >&2) `echo pwn""ed >&2` 10.0.0.1\t')
    await until('10.0.0.1')
    type('\u0015smartedge comple\t')
    await until('completions')
    expect(all()).not.toContain('pwned')
  }, 60_000)
})
