import { beforeAll, describe, expect, test } from 'bun:test'
import type { JwtPolicy } from '../../core/admission/auth-policy.ts'
import { guardedRoute, jwtPolicy } from '../support/auth-policies.ts'
import { ok, type RawBackend, startRawBackend } from '../support/raw-backend.ts'
import { ask, get } from '../support/raw-client.ts'
import { valuesOf } from '../support/raw-message.ts'
import { turnUntil } from '../support/raw-peer.ts'
import { type RigOptions, startRig } from '../support/rig.ts'
import { type Issuer, issuerOf, keySetOf } from '../support/tokens.ts'

let issuers: readonly Issuer[]
beforeAll(async () => {
  issuers = await Promise.all(['RS256', 'ES256', 'EdDSA'].map((alg) => issuerOf(alg, alg)))
})

/** A client, an edge, a backend, and somebody who publishes a key set, or (undefined) does not answer. */
async function checking(set: { text: string | undefined }, policy: Partial<JwtPolicy> = {}) {
  const stack = new AsyncDisposableStack()
  const publisher: RawBackend = startRawBackend({
    answer: ({ peer }) => (set.text === undefined ? peer.end() : peer.send(ok(set.text))),
  })
  stack.defer(async () => {
    for (const peer of publisher.connections) peer.reset()
    await publisher[Symbol.asyncDispose]()
  })
  const keys = { kind: 'url', url: `http://127.0.0.1:${publisher.port}/keys`, refreshMs: 300_000 } as const
  const config: RigOptions['config'] & object = { routes: [guardedRoute({ jwt: jwtPolicy({ keys, ...policy }) })] }
  const rig = stack.use(await startRig({ answer: ok('page'), config }))
  /** Over a connection of its own: the others are idle for too long when the clock is moved on. */
  const statusOf = async (token: string): Promise<number> => {
    const client = await rig.connect()
    const { status } = await ask(client, get('/', `Authorization: Bearer ${token}\r\n`))
    client.close()
    return status
  }
  return { ...rig, publisher, statusOf, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('a route with tokens', () => {
  test('lets in whoever brings one of its issuer, by each kind of key, and tells the backend who it is', async () => {
    await using rig = await checking({ text: keySetOf(...issuers) })
    for (const [index, issuer] of issuers.entries()) {
      const token = await issuer.sign({ sub: `user-${index}` })
      for (let count = 0; count < 2; count += 1) {
        const lines = `Authorization: Bearer ${token}\r\nX-User: root\r\nX_User: root\r\n`
        expect((await ask(rig.client, get('/', lines))).status).toBe(200)
        const request = rig.backend.requests.at(-1)
        expect(['x-user', 'x_user'].map((name) => valuesOf(request!, name))).toEqual([[`user-${index}`], []])
      }
    }
    expect(rig.publisher.requests).toHaveLength(1)
  })

  test('refuses everybody else, and counts it', async () => {
    await using rig = await checking({ text: keySetOf(...issuers) })
    const stranger = await issuerOf('ES256', 'ES256')
    const without = await ask(rig.client, get('/', 'X-User: root\r\n'))
    expect([without.status, valuesOf(without, 'www-authenticate')]).toEqual([401, ['Bearer']])
    expect(await rig.statusOf(await stranger.sign())).toBe(401)
    expect(await rig.statusOf('e30.e30.e30')).toBe(401)
    expect(rig.backend.requests).toEqual([])
    expect(rig.edge.counters.refused).toMatchObject({ token: 3 })
  })

  test('follows a rotation when it meets the new key, and drops what the old one has signed', async () => {
    const [before, after] = issuers as [Issuer, Issuer]
    const set = { text: keySetOf(before) }
    await using rig = await checking(set)
    const [old, fresh] = [await before.sign(), await after.sign()]
    expect([await rig.statusOf(old), await rig.statusOf(fresh)]).toEqual([200, 401])
    set.text = keySetOf(after)
    expect([await rig.statusOf(old), await rig.statusOf(fresh)]).toEqual([200, 401])
    rig.edge.clock.advance(30_000)
    expect([await rig.statusOf(old), await rig.statusOf(fresh)]).toEqual([200, 200])
    expect([await rig.statusOf(old), rig.publisher.requests.length]).toEqual([401, 2])
  })

  test('goes on with the keys it knows while their publisher is away, and says so', async () => {
    const [issuer] = issuers as [Issuer]
    const set: { text: string | undefined } = { text: keySetOf(issuer) }
    await using rig = await checking(set)
    expect(await rig.statusOf(await issuer.sign())).toBe(200)
    set.text = undefined
    rig.edge.clock.advance(300_000)
    await turnUntil(() => rig.edge.events.length > 1, 'the loss of the key set')
    expect(rig.edge.events.at(-1)).toMatchObject({
      kind: 'auth-away',
      detail: expect.stringContaining('the keys known stay in force'),
    })
    expect(await rig.statusOf(await issuer.sign({ sub: 'bob' }))).toBe(200)
  })

  test('has nobody in before there are keys, and everybody as soon as there are', async () => {
    const [issuer] = issuers as [Issuer]
    const set: { text: string | undefined } = { text: undefined }
    await using rig = await checking(set)
    const token = await issuer.sign()
    expect(await rig.statusOf(token)).toBe(503)
    await turnUntil(() => rig.edge.events.length > 1, 'the loss of the key set')
    set.text = keySetOf(issuer)
    rig.edge.clock.advance(1000)
    expect(await rig.statusOf(token)).toBe(200)
    expect(rig.edge.events.slice(1).map(({ kind }) => kind)).toEqual(['auth-away', 'auth-back'])
  })

  test('looks for keys no more once the edge has ended', async () => {
    await using rig = await checking({ text: keySetOf(...issuers) })
    await rig.statusOf('e30.e30.e30')
    rig.edge.edge.kill()
    rig.edge.clock.advance(600_000)
    // Whatever it asked before this would be there first.
    await fetch(`http://127.0.0.1:${rig.publisher.port}/last`)
    expect(rig.publisher.requests.map(({ target }) => target)).toEqual(['/keys', '/last'])
  })
})
