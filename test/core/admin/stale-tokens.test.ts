import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeStaleTokens } from '../../../core/admin/stale-tokens.ts'
import { createToken, findToken, keepToken } from '../../../core/admin/token-file.ts'
import { type Home, homeOf } from '../../../core/own-files.ts'
import { fail } from '../../support/fail.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const newHome = (): Home => ({ ...homeOf({ HOME: temporaryFolder() }), home: undefined })

function keep(home: Home, host: string, port: number): string {
  const kept = keepToken({ kind: 'tcp', host, port }, createToken(), home)
  return kept.kind === 'kept' ? kept.file : fail(kept.reason)
}

/** A port of the loopback addresses at which nobody listens. */
function freePort(): number {
  const taken = listen()
  taken.stop(true)
  return taken.port
}

const listen = () => Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } })

describe('tokens of killed processes', () => {
  test('go, whichever version their address has', async () => {
    const home = newHome()
    const files = [keep(home, '127.0.0.1', freePort()), keep(home, '::1', freePort())]
    await removeStaleTokens(home)
    expect(files.filter((file) => existsSync(file))).toEqual([])
  })

  test('but not where somebody listens', async () => {
    const home = newHome()
    const running = listen()
    const file = keep(home, '127.0.0.1', running.port)
    await removeStaleTokens(home)
    expect(existsSync(file)).toBe(true)
    running.stop(true)
  })

  test('nor one that a process puts there meanwhile', async () => {
    const home = newHome()
    const port = freePort()
    keep(home, '127.0.0.1', port)
    const removed = removeStaleTokens(home)
    const file = keep(home, '127.0.0.1', port)
    await removed
    expect(existsSync(file)).toBe(true)
  })
})

describe('what may be another’s', () => {
  const port = freePort()

  test.each<readonly [title: string, spoil: (file: string) => void]>([
    ['of another host or container', (file) => writeFileSync(file, `${createToken().slice(0, 43)}elsewher\n`)],
    ['that does not say where it is from', (file) => writeFileSync(file, `${createToken().slice(0, 43)}\n`)],
    ['that others may read', (file) => chmodSync(file, 0o644)],
    ['that is none', (file) => writeFileSync(file, 'notes')],
  ])('stays: a file %s', async (_title, spoil) => {
    const home = newHome()
    const file = keep(home, '127.0.0.1', port)
    spoil(file)
    await removeStaleTokens(home)
    expect(existsSync(file)).toBe(true)
  })

  test('is not asked outside of this machine', async () => {
    const home = newHome()
    const files = [keep(home, '192.0.2.1', port), keep(home, '0.0.0.0', port), keep(home, 'no-address', port)]
    await removeStaleTokens(home)
    expect(files.every((file) => existsSync(file))).toBe(true)
  })
})

test('a token is found whether or not it says where it is from', () => {
  const home = newHome()
  const file = keep(home, '127.0.0.1', 9900)
  const token = createToken().slice(0, 43)
  writeFileSync(file, `${token}\n`)
  expect(findToken({ kind: 'tcp', host: '127.0.0.1', port: 9900 }, home)).toBe(token)
})

test('a home without any is left as it is', async () => {
  const home = newHome()
  await removeStaleTokens(home)
  expect(existsSync(join(home.env['HOME'] ?? '', '.local'))).toBe(false)
})
