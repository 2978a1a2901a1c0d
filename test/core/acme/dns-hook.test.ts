/** The program for dns-01: what it is called with, and what becomes of its failures. */
import { createHash } from 'node:crypto'
import { chmodSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'bun:test'
import { dnsHook } from '../../../core/acme/dns-hook.ts'
import { systemClock } from '../../../core/clock.ts'
import { turnUntil } from '../../support/raw-peer.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const proof = { name: '*.example.org', token: 'token', keyAuthorization: 'token.thumbprint' }
const value = createHash('sha256').update('token.thumbprint').digest('base64url')

async function hookOf(script: string, name = 'hook.sh', clock = systemClock as Parameters<typeof dnsHook>[0]['clock']) {
  const folder = temporaryFolder()
  const program = join(folder, name)
  await Bun.write(program, script)
  chmodSync(program, 0o755)
  return { folder, program, hook: dnsHook({ program, settleMs: 7, clock }) }
}

test('it is called with what to do, the record and its value, and nothing of ours in its environment', async () => {
  const { folder, hook } = await hookOf('#!/bin/sh\necho "$@ ${BUN_BE_BUN:-none}" >> "$(dirname "$0")/log"\n')
  expect(hook.settleMs).toBe(7)
  expect(await hook.present(proof)).toBeUndefined()
  await hook.remove(proof)
  const name = '_acme-challenge.example.org'
  expect(await Bun.file(join(folder, 'log')).text()).toBe(
    `present ${name} ${value} none\nremove ${name} ${value} none\n`,
  )
})

test('a TypeScript file is run by our own Bun, and what it throws is told', async () => {
  const { hook } = await hookOf(
    "const text: string = process.argv[2] ?? ''\nthrow new Error(`no zone for ${text}`)\n",
    'hook.ts',
  )
  expect((await hook.present(proof))?.detail).toContain('no zone for present')
})

test('what goes wrong is a fault in words, of one line', async () => {
  const { program, hook } = await hookOf('#!/bin/sh\nprintf "a\\033[31mb\\nc" >&2\nexit 3\n')
  expect(await hook.present(proof)).toEqual({ kind: 'own', detail: `${program} ended with 3: a [31mb c` })
  const silent = await hookOf('#!/bin/sh\nexit 1\n')
  expect((await silent.hook.present(proof))?.detail).toEndWith('ended with 1: it said nothing')
  const loud = await hookOf('#!/bin/sh\nhead -c 1000000 /dev/zero | tr "\\0" x >&2\nexit 1\n')
  expect((await loud.hook.present(proof))?.detail.length).toBeLessThan(500)
  const none = dnsHook({ program: '/nowhere/hook', settleMs: 0, clock: systemClock })
  expect((await none.present(proof))?.detail).toStartWith('/nowhere/hook could not be run')
  await none.remove(proof)
})

test('what it leaves behind holds nobody up', async () => {
  const { program, hook } = await hookOf(
    '#!/bin/sh\necho left >&2\nsleep 60 &\necho $! > "$(dirname "$0")/pid"\nexit 1\n',
  )
  const descriptors = (): number => readdirSync('/proc/self/fd').length
  const before = descriptors()
  expect((await hook.present(proof))?.detail).toBe(`${program} ended with 1: left`)
  await turnUntil(() => descriptors() === before, 'what it spoke on to be closed')
  process.kill(Number(await Bun.file(join(dirname(program), 'pid')).text()))
})

test('one that hangs is killed after two minutes', async () => {
  const clock = virtualClock()
  const { program, hook } = await hookOf('#!/bin/sh\nexec sleep 1000\n', 'hook.sh', clock)
  const presenting = hook.present(proof)
  clock.advance(120_000)
  expect((await presenting)?.detail).toBe(`${program} did not end within 120 s`)
})
