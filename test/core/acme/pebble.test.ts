/** The client with pebble, which is strict: all three ways to prove a name, bound accounts, and nonces that are refused. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, readFileSync } from 'node:fs'
import { createServer, type SecureContext, createSecureContext } from 'node:tls'
import { join } from 'node:path'
import { Authority } from '../../../core/acme/authority.ts'
import type { ChallengeKind } from '../../../core/acme/policy.ts'
import { dnsHook } from '../../../core/acme/dns-hook.ts'
import { folderStorage } from '../../../core/acme/folder-storage.ts'
import type { Binding } from '../../../core/acme/policy.ts'
import type { Presenter } from '../../../core/acme/presenter.ts'
import { Proofs } from '../../../core/acme/proofs.ts'
import { systemClock } from '../../../core/clock.ts'
import { createAsk } from '../../../core/net/ask.ts'
import { homeOf } from '../../../core/own-files.ts'
import { Secret } from '../../../core/secrets.ts'
import { bindingKey, type Pebble, startPebble } from '../../support/pebble.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const faults: unknown[] = []
let pebble: Pebble

beforeAll(async () => {
  pebble = await startPebble({ keyId: 'kid-1', refusesNonces: 20 })
})
afterAll(async () => {
  await pebble[Symbol.asyncDispose]()
  expect(faults).toEqual([])
})

function rig(binding: Binding | undefined = { keyId: 'kid-1', hmacKey: new Secret(bindingKey) }) {
  const folder = temporaryFolder()
  const storage = folderStorage({ folder: folder, home: homeOf(process.env), now: () => Date.now(), isShared: false })
  const authority = new Authority({
    policy: { url: pebble.directory, ca: pebble.ca, binding },
    email: 'a@example.org',
    storage,
    ask: createAsk(systemClock, (error) => faults.push(error)),
    clock: systemClock,
    readPem: (path) => readFileSync(path, 'utf8'),
    onClock: () => undefined,
  })
  const proofs = new Proofs(storage, systemClock)
  const order = (name: string, challenge: ChallengeKind, presenter: Presenter = proofs) =>
    authority.order({
      name,
      challenge,
      presenter,
      held: undefined,
      isStillDue: () => true,
      signal: new AbortController().signal,
    })
  return { folder, proofs, order }
}

const namesOf = (issued: Awaited<ReturnType<ReturnType<typeof rig>['order']>>): readonly string[] | string => {
  if (issued.kind === 'issued') return issued.certificate.names
  return issued.kind === 'failed' ? issued.fault.detail : issued.kind
}

describe('pebble gives a certificate', () => {
  test('by http-01', async () => {
    const { proofs, order } = rig()
    const server = Bun.serve({
      port: pebble.httpPort,
      hostname: '127.0.0.1',
      fetch: ({ url }) => new Response(proofs.answerTo(new URL(url).pathname.split('/').at(-1) ?? '')),
    })
    expect(namesOf(await order('a.example.org', 'http-01'))).toEqual(['a.example.org'])
    expect(namesOf(await order('b.example.org', 'http-01'))).toEqual(['b.example.org'])
    await server.stop(true)
  })

  test('by tls-alpn-01', async () => {
    const { proofs, order } = rig()
    const contextFor = (name: string): SecureContext | undefined => {
      const pair = proofs.certificateFor(name)
      return pair && createSecureContext({ cert: pair.chain, key: pair.key.reveal() })
    }
    const server = createServer({
      ALPNProtocols: ['acme-tls/1'],
      SNICallback: (name, done) => done(null, contextFor(name)),
    })
    await new Promise<void>((resolve) => server.listen(pebble.tlsPort, '127.0.0.1', resolve))
    expect(namesOf(await order('c.example.org', 'tls-alpn-01'))).toEqual(['c.example.org'])
    server.close()
  })

  test('for a wildcard by dns-01, whose record a TypeScript file sets and takes away', async () => {
    const { folder, order } = rig()
    const program = join(folder, 'hook.ts')
    await Bun.write(
      program,
      `const [act, record, value] = process.argv.slice(2)
       const at = act === 'present' ? '/set-txt' : '/clear-txt'
       await fetch('${pebble.dnsUrl}' + at, { method: 'POST', body: JSON.stringify({ host: record + '.', value }) })
       await Bun.write(Bun.file('${folder}/' + act), record)`,
    )
    const presenter = dnsHook({ program, settleMs: 0, clock: systemClock })
    expect(namesOf(await order('*.example.org', 'dns-01', presenter))).toEqual(['*.example.org'])
    expect(await Bun.file(join(folder, 'remove')).text()).toBe('_acme-challenge.example.org')
  })
})

describe('pebble gives none', () => {
  test('where nothing is to be seen', async () => {
    expect(namesOf(await rig().order('d.example.org', 'http-01'))).toContain('connection')
  })

  test('to an account that is bound by another key, or by none', async () => {
    const wrong = rig({ keyId: 'kid-1', hmacKey: new Secret('bm90IHRoZSBrZXk') })
    expect(namesOf(await wrong.order('e.example.org', 'http-01'))).toContain('unauthorized')
    const { order } = rig()
    expect(
      namesOf(
        await order('f.example.org', 'dns-01', dnsHook({ program: '/nowhere', settleMs: 0, clock: systemClock })),
      ),
    ).toContain('/nowhere')
  })

  test('where the hook fails, whose last words are told', async () => {
    const { folder, order } = rig()
    const program = join(folder, 'hook.sh')
    await Bun.write(program, '#!/bin/sh\necho "no such zone" >&2\nexit 3\n')
    chmodSync(program, 0o755)
    expect(namesOf(await order('g.example.org', 'dns-01', dnsHook({ program, settleMs: 0, clock: systemClock })))).toBe(
      `${program} ended with 3: no such zone`,
    )
  })
})
