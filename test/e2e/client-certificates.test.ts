import { describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CertificatePolicy } from '../../core/admission/policy.ts'
import type { ClientsPolicy } from '../../core/tls/policy.ts'
import { createAuthority, type Issued } from '../support/authority.ts'
import { anyRequest, startTestEdge, tcpListener } from '../support/edge.ts'
import { heldBack } from '../support/in-pieces.ts'
import { answering, ok, startRawBackend } from '../support/raw-backend.ts'
import { ask, connectTo, get } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { askSecurely, connectSecurely, save, sessionOf, tlsListener, tlsPolicy } from '../support/tls.ts'

const root = createAuthority()
const authority = root.below('Clients')
const stranger = createAuthority('Stranger')
const alice = authority.issue({ subject: 'alice', names: ['URI:spiffe://a.test/alice', 'alice.test'] })
const bob = authority.issue({ subject: 'bob' })
const mallory = stranger.issue({ subject: 'alice', names: ['URI:spiffe://a.test/alice'] })

interface Wishes {
  readonly clients?: readonly Partial<ClientsPolicy>[]
  readonly certificate?: CertificatePolicy
  readonly revoked?: readonly Issued[]
}

/** An edge for a.test and b.test, whose clients have to show what `clients` says; and a plain listener beside it. */
async function asking({ clients = [{}], certificate, revoked }: Wishes = {}) {
  const backend = startRawBackend({ answer: answering(ok('hello')) })
  const folder = temporaryFolder()
  const files = ['a.test', 'b.test'].map((name) => save(folder, name, authority.issue({ names: [name] })))
  const [ca, crl] = [join(folder, 'ca.pem'), join(folder, 'crl.pem')]
  writeFileSync(ca, root.cert + authority.cert)
  const revoke = (some: readonly Issued[]): void =>
    writeFileSync(crl, authority.revoke(some.map(({ serial }) => serial)) + root.revoke([]))
  if (revoked !== undefined) revoke(revoked)
  const policies = clients.map((wish): ClientsPolicy => {
    const lists = { ca: [ca], crl: revoked === undefined ? [] : [crl] }
    return { names: undefined, certificate: 'required', ...lists, tell: ['client-cert'], ...wish }
  })
  const listeners = [tlsListener(tlsPolicy(files, { clients: policies })), tcpListener('plain', 0)]
  const routes = [{ match: anyRequest, pool: 'web', priority: 5, ...(certificate && { access: { certificate } }) }]
  const edge = await startTestEdge([backend.port], { config: { listeners, routes } })
  const come = async (client?: Issued, servername = 'a.test', request?: string) => {
    const shown = client && { key: client.key, cert: client.chain }
    const options = { ca: root.cert, servername, checkServerIdentity: () => undefined, ...shown }
    const answer = await askSecurely(edge.port, options, request).catch(() => undefined)
    const status = answer?.text === '' ? undefined : answer?.text.slice(9, 12)
    return status
  }
  return {
    edge,
    backend,
    come,
    revoke,
    folder,
    plainPort: (edge.edge.addresses[1]!.address as { port: number }).port,
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}

describe('clients that must show a certificate', () => {
  test.each([
    ['required', alice, '200'],
    ['required', undefined, undefined],
    ['required', mallory, undefined],
    ['optional', alice, '200'],
    ['optional', undefined, '200'],
    ['optional', mallory, undefined],
  ] as const)('%s: %#', async (certificate, client, status) => {
    await using rig = await asking({ clients: [{ certificate }] })
    expect(await rig.come(client)).toBe(status)
    expect(await rig.come(client, '')).toBe(status)
  })

  test('that nobody vouches for are counted, and nothing of them comes to a backend', async () => {
    await using rig = await asking()
    await rig.come(mallory)
    expect(rig.edge.counters.handshakesFailed).toMatchObject({ certificate: 1 })
    expect(rig.backend.requests).toEqual([])
  })

  test('that has been revoked are kept out, as soon as the list is saved', async () => {
    await using rig = await asking({ revoked: [bob] })
    expect([await rig.come(alice), await rig.come(bob)]).toEqual(['200', undefined])
    const session = await sessionOf(rig.edge.port, { ca: root.cert, key: alice.key, cert: alice.chain })
    rig.revoke([alice])
    expect(await rig.edge.apply({})).toMatchObject({ kind: 'applied' })
    expect([await rig.come(alice), await rig.come(bob)]).toEqual([undefined, '200'])
    const again = { ca: root.cert, key: alice.key, cert: alice.chain, session }
    const resumed = await askSecurely(rig.edge.port, again).catch(() => undefined)
    expect(resumed?.text ?? '').toBe('')
  })

  test('keep their connection when the rules change, and have to come anew with their next request', async () => {
    await using rig = await asking({ revoked: [] })
    const kept = await connectSecurely(rig.edge.port, { ca: root.cert, key: alice.key, cert: alice.chain })
    await turnUntil(() => rig.edge.counters.handshakes === 1, 'the handshake')
    rig.revoke([bob])
    await rig.edge.apply({})
    expect((await kept.ask(get())).slice(9, 12)).toBe('421')
  })

  test('are asked one more request at most where they came before they had to', async () => {
    await using rig = await asking()
    const [web, plain] = rig.edge.edge.control.config.listeners
    const { clients, ...open } = web!.tls!
    await rig.edge.apply({ listeners: [{ ...web!, tls: open }, plain!] })
    const kept = await connectSecurely(rig.edge.port, { ca: root.cert })
    await turnUntil(() => rig.edge.counters.handshakes === 1, 'the handshake')
    await rig.edge.apply({ listeners: [{ ...web!, tls: { ...open, clients: clients! } }, plain!] })
    const answer = await kept.ask(get())
    expect([answer.slice(9, 12), /connection: close/i.test(answer)]).toEqual(['200', true])
  })

  test('are not let in by a handshake that began before they had to', async () => {
    await using rig = await asking()
    const [web, plain] = rig.edge.edge.control.config.listeners
    const { clients, ...open } = web!.tls!
    await rig.edge.apply({ listeners: [{ ...web!, tls: open }, plain!] })
    await using between = heldBack(rig.edge.port)
    const coming = askSecurely(between.port, { ca: root.cert }, get())
    await between.isHolding
    await rig.edge.apply({ listeners: [{ ...web!, tls: { ...open, clients: clients! } }, plain!] })
    between.letGo()
    expect((await coming).text.slice(9, 12)).toBe('421')
    expect(rig.backend.requests).toEqual([])
  })

  test('files of authorities are checked, and what was in force stays', async () => {
    await using rig = await asking()
    writeFileSync(join(rig.folder, 'ca.pem'), alice.cert)
    expect(await rig.edge.apply({})).toMatchObject({
      kept: [{ key: 'listeners.web.tls.clients.ca[0]', message: expect.stringContaining('number 1 is none') }],
    })
    expect(await rig.come(alice)).toBe('200')
  })
})

describe('certificates for some names alone', () => {
  const clients = [{ names: ['a.test', '*.a.test'] }]

  test('are asked for under these', async () => {
    await using rig = await asking({ clients })
    expect(await rig.come(undefined, 'b.test')).toBe('200')
    expect(await rig.come(undefined, 'a.test')).toBeUndefined()
    expect(await rig.come(undefined, 'x.a.test')).toBeUndefined()
    expect(await rig.come(mallory, 'A.test')).toBeUndefined()
    expect(await rig.come(undefined, 'A.TEST')).toBeUndefined()
    expect(await rig.come(alice, 'a.test', get('/', 'Connection: close\r\n').replace('Host: a', 'Host: a.test'))).toBe(
      '200',
    )
  })

  test('can not be left out by asking for another name first', async () => {
    await using rig = await asking({ clients })
    // Nobody asks for the connection to end: it does all the same.
    const forA = get().replace('Host: a', 'Host: A.test')
    expect(await rig.come(undefined, 'b.test', forA)).toBe('421')
    expect(await rig.come(undefined, '', forA)).toBe('421')
    expect(rig.backend.requests).toEqual([])
  })

  test('sessions begun elsewhere do not serve for them', async () => {
    await using rig = await asking({ clients })
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
      for (const servername of ['b.test', '']) {
        const options = { ca: root.cert, checkServerIdentity: () => undefined, maxVersion }
        const session = await sessionOf(rig.edge.port, { ...options, servername })
        const answer = await askSecurely(rig.edge.port, { ...options, servername: 'a.test', session }).catch(
          () => undefined,
        )
        expect(answer?.text ?? '').toBe('')
      }
  })
})

describe('a route that asks for a certificate', () => {
  const optional = [{ certificate: 'optional' }] as const
  test.each([
    [{}, '200', '200'],
    [{ subjects: ['CN=alice'] }, '200', '403'],
    [{ names: ['URI:spiffe://a.test/*'] }, '200', '403'],
    [{ names: ['DNS:alice.test'] }, '200', '403'],
    [{ names: ['DNS:alice'] }, '403', '403'],
    [{ fingerprints: [new X509Certificate(bob.cert).fingerprint256] }, '403', '200'],
  ] as const)('%j: alice %s, bob %s, others 403', async (certificate, forAlice, forBob) => {
    await using rig = await asking({ clients: optional, certificate })
    expect([await rig.come(alice), await rig.come(bob), await rig.come()]).toEqual([forAlice, forBob, '403'])
    await using client = await connectTo(rig.plainPort)
    expect((await ask(client, get())).status).toBe(403)
  })
})

describe('backends', () => {
  const lies =
    'Client-Cert: :bGll:\r\nClient_Cert: x\r\nClient-Cert-Chain: :bGll:\r\nX-Forwarded-Client-Cert: Hash=1\r\nConnection: close\r\n'

  test('are told of the certificate, and of none that a client only tells', async () => {
    const tell = ['client-cert', 'client-cert-chain', 'xfcc'] as const
    await using rig = await asking({ clients: [{ certificate: 'optional', tell }] })
    await rig.come(alice, 'a.test', get('/', lies))
    await rig.come(undefined, 'a.test', get('/', lies))
    await using client = await connectTo(rig.plainPort)
    await ask(client, get('/', lies))
    const [told, ...others] = rig.backend.requests
    const der = (pem: string): string => `:${new X509Certificate(pem).raw.toString('base64')}:`
    expect(valuesOf(told!, 'client-cert')).toEqual([der(alice.cert)])
    expect(valuesOf(told!, 'client-cert-chain')).toEqual([der(authority.cert)])
    const hash = new X509Certificate(alice.cert).fingerprint256.replaceAll(':', '').toLowerCase()
    expect(valuesOf(told!, 'x-forwarded-client-cert')).toEqual([
      `Hash=${hash};Subject="CN=alice";URI=spiffe://a.test/alice;DNS=alice.test`,
    ])
    expect(others).toHaveLength(2)
    for (const request of others)
      for (const name of ['client-cert', 'client_cert', 'client-cert-chain', 'x-forwarded-client-cert'])
        expect(valuesOf(request, name)).toEqual([])
  })

  test('are told by a proxy that is trusted, over a listener that does not ask', async () => {
    await using rig = await asking()
    await rig.edge.apply({ trustedProxies: ['127.0.0.1'] })
    await using client = await connectTo(rig.plainPort)
    await ask(client, get('/', 'Client-Cert: :YQ==:\r\n'))
    expect(valuesOf(rig.backend.requests[0]!, 'client-cert')).toEqual([':YQ==:'])
    await rig.come(alice, 'a.test', get('/', lies))
    expect(valuesOf(rig.backend.requests[1]!, 'client-cert')).toHaveLength(1)
    expect(valuesOf(rig.backend.requests[1]!, 'client-cert')[0]).not.toContain('bGll')
  })
})
