import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { RouteConfig } from '../../../core/config/config.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { Refusal } from '../../../core/part.ts'
import { AuthHost } from '../../../core/runtime/auth-host.ts'
import { Secret } from '../../../core/secrets.ts'
import { admit, askedBy, short } from '../../support/heard.ts'
import { forwardAuthPolicy, guardedRoute, jwtPolicy } from '../../support/auth-policies.ts'
import { testConfig } from '../../support/edge.ts'
import { fail } from '../../support/fail.ts'
import { answered, failure, fakeAsk } from '../../support/fake-ask.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

function hosting() {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const service = fakeAsk()
  const host = new AuthHost({ ask: service.ask, clock, emit: (event) => events.push(event), reportFault: fail })
  const take = async (...routes: RouteConfig[]) => {
    const move = await host.prepare(testConfig({ routes }))
    move.commit()
    return move
  }
  return { clock, events, service, host, take }
}

const url = 'https://id.example.com/keys?k=v'
const byUrl = guardedRoute({ jwt: jwtPolicy({ keys: { kind: 'url', url, refreshMs: 60_000 } }) })
const byService = guardedRoute({ forwardAuth: forwardAuthPolicy() })
const open: RouteConfig = { match: byUrl.match, pool: 'web', priority: 5 }

describe('the auth services and keys of a config', () => {
  test('are asked for routes that have them, tokens first', async () => {
    const { host, take } = hosting()
    const both = guardedRoute({ ...byUrl.access, forwardAuth: forwardAuthPolicy() })
    await take(open, byUrl, byService, both)
    const [jwt, service] = [byUrl, byService].map((route) => host.admissionsFor(route)[0])
    expect(host.admissionsFor(open)).toEqual([])
    expect([jwt?.constructor.name, service?.constructor.name]).toEqual(['TokenAdmission', 'ForwardAuth'])
    expect(host.admissionsFor(both)).toEqual([jwt as never, service as never])
    expect(host.admissionsFor({ ...byUrl, pool: 'other' })[0]).toBe(jwt as never)
  })

  test('stay the same for as long as a policy does, and what they know with them', async () => {
    const { clock, host, service, take } = hosting()
    const cached = guardedRoute({
      forwardAuth: forwardAuthPolicy({
        cache: { forMs: 60_000, by: [{ kind: 'cookie', name: 's' }], per: 'target' },
      }),
    })
    expect((await take(cached)).isNews).toBeFalse()
    const [guard] = host.admissionsFor(cached)
    const heard = admit(guard!, askedBy(clock), 'Cookie: s=1\r\n')
    service.last.answer(answered(200))
    expect(short(heard)).toBe('admitted')
    expect((await take(open, structuredClone(cached))).isNews).toBeFalse()
    expect(short(admit(host.admissionsFor(cached)[0]!, askedBy(clock), 'Cookie: s=1\r\n'))).toBe('admitted')
    await take(guardedRoute({ forwardAuth: forwardAuthPolicy({ timeoutMs: 4000 }) }))
    expect(host.admissionsFor(cached)).toEqual([])
  })

  test('begin when they are put in force and end when they are no more, once for all routes that share one', async () => {
    const { clock, host, service, take } = hosting()
    const move = await host.prepare(testConfig({ routes: [byUrl] }))
    move.abandon()
    expect([service.asked.length, host.admissionsFor(byUrl)]).toEqual([0, []])
    await take(byUrl, { ...byUrl, priority: 1 })
    await take(byUrl)
    expect(service.asked).toHaveLength(1)
    await take(open)
    expect([service.last.isCancelled, clock.pending()]).toEqual([true, 0])
    await take(byUrl)
    expect(service.asked).toHaveLength(2)
    host.stop()
    expect([service.last.isCancelled, clock.pending()]).toEqual([true, 0])
  })

  test('are told to be away without what their URL may hide, and to be back', async () => {
    const { clock, host, events, service, take } = hosting()
    await take(byUrl, byService)
    service.last.answer(failure())
    const service1 = 'https://id.example.com/keys'
    expect(events).toMatchObject([{ kind: 'auth-away', service: service1 }])
    clock.advance(1000)
    service.last.answer(answered(200, [], '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]}'))
    expect(events.slice(1)).toEqual([{ kind: 'auth-back', service: service1 }])
    const ask = (answer: ReturnType<typeof failure>): void => {
      admit(host.admissionsFor(byService)[0]!, askedBy(clock))
      service.last.answer(answer)
    }
    ask(failure())
    ask(answered(200))
    clock.advance(5000)
    ask(answered(200))
    expect(events.slice(2).map(({ kind }) => kind)).toEqual(['auth-away', 'auth-back'])
  })

  test('with another secret are others', async () => {
    const { host, take } = hosting()
    const shared = (text: string) =>
      guardedRoute({ jwt: jwtPolicy({ keys: { kind: 'secret', secret: new Secret(text) }, algorithms: ['HS256'] }) })
    await take(shared('a'), shared('b'))
    const [a, b] = [shared('a'), shared('b')].map((route) => host.admissionsFor(route)[0])
    expect(a).toBeDefined()
    expect(a).not.toBe(b as never)
  })

  test('from a file must be there, and are named by where they stand', async () => {
    const folder = temporaryFolder()
    const { take, host } = hosting()
    const path = join(folder, 'keys.json')
    const byFile = guardedRoute({ jwt: jwtPolicy({ keys: { kind: 'file', path } }) })
    const other = guardedRoute({ jwt: jwtPolicy({ keys: { kind: 'file', path: `${path}.other` } }) })
    const refusal = await take(open, byFile, other).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(Refusal)
    expect((refusal as Refusal).problems.map(({ key }) => key)).toEqual([
      'routes[1].access.jwt.jwksFile',
      'routes[2].access.jwt.jwksFile',
    ])
    const keys = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]}'
    writeFileSync(path, keys)
    expect((await take(byFile)).isNews).toBeFalse()
    writeFileSync(path, `${keys}\n`)
    expect((await take(open, byFile, { ...byFile, priority: 1 })).news).toEqual([
      'routes[1].access.jwt.jwksFile read anew',
    ])
    writeFileSync(path, 'gone bad')
    const { kept, isNews } = await take(byFile)
    expect([kept?.length, isNews, host.admissionsFor(byFile).length]).toEqual([1, false, 1])
  })
})
