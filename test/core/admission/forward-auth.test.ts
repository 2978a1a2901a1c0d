import { describe, expect, test } from 'bun:test'
import type { AuthCachePolicy, ForwardAuthPolicy } from '../../../core/admission/auth-policy.ts'
import { ForwardAuth } from '../../../core/admission/forward-auth.ts'
import { Reach } from '../../../core/reach.ts'
import type { EdgeEvent } from '../../../core/observe/events.ts'
import { admit, askedBy, identityOf, short } from '../../support/heard.ts'
import { answered, failure, fakeAsk } from '../../support/fake-ask.ts'
import { virtualClock } from '../../support/virtual-clock.ts'

const usual: ForwardAuthPolicy = {
  url: 'http://auth:9091/verify',
  timeoutMs: 5000,
  requestFields: undefined,
  responseFields: ['remote-user'],
  cache: undefined,
  whenAway: 'refuse',
}

const cache: AuthCachePolicy = {
  forMs: 5000,
  by: [
    { kind: 'cookie', name: 'session' },
    { kind: 'header', name: 'authorization' },
  ],
  per: 'target',
}

function guarding(changes: Partial<ForwardAuthPolicy> = {}) {
  const clock = virtualClock()
  const events: EdgeEvent[] = []
  const service = fakeAsk()
  const reach = new Reach({
    clock,
    quietMs: 0,
    onAway: (detail) => events.push({ kind: 'auth-away', service: 'auth', detail }),
    onBack: () => events.push({ kind: 'auth-back', service: 'auth' }),
  })
  const guard = new ForwardAuth({ policy: { ...usual, ...changes }, ask: service.ask, reach })
  const request = (lines = '', line?: string, address?: string) =>
    admit(guard, askedBy(clock, identityOf(address)), lines, line)
  return { clock, events, service, guard, request }
}

describe('an auth service', () => {
  test('is asked about each request, and what it says is what happens', () => {
    const { service, request } = guarding()
    const first = request('Cookie: a=1\r\n', 'POST /a?b HTTP/1.1')
    expect(service.last.question).toMatchObject({ url: usual.url, timeoutMs: 5000, maxBodyBytes: 65_536 })
    expect(['cookie', 'x-forwarded-method', 'x-forwarded-uri'].map((name) => service.last.field(name))).toEqual([
      'a=1',
      'POST',
      '/a?b',
    ])
    expect(first.verdict).toBeUndefined()
    service.last.answer(answered(200, [['Remote-User', 'ann']]))
    expect(first.verdict).toEqual({
      kind: 'admitted',
      pass: { requestDrops: ['remote-user'], requestLines: 'remote-user: ann\r\n' },
    })
    const second = request('Cookie: a=1\r\n', 'POST /a?b HTTP/1.1')
    service.last.answer(answered(401))
    expect([service.asked.length, short(second)]).toEqual([2, 401])
  })

  test('says whom it has let in, and of nobody else', () => {
    const { service, request } = guarding()
    const subjects = [
      answered(200, [['Remote-User', 'ann']]),
      answered(200),
      answered(401, [['Remote-User', 'ann']]),
    ].map((answer) => {
      const { asked } = request()
      service.last.answer(answer)
      return asked.subject
    })
    expect(subjects).toEqual([{ key: 'auth ann' }, undefined, undefined])
  })

  test('says nothing of one who is known already', () => {
    const { service, guard, clock } = guarding({ cache })
    const known = { key: 'client 7' }
    for (let turn = 0; turn < 2; turn += 1) {
      const asked = { ...askedBy(clock), subject: known }
      const { length } = service.asked
      admit(guard, asked, 'Cookie: session=1\r\n')
      if (service.asked.length > length) service.last.answer(answered(200, [['remote-user', 'ann']]))
      expect(asked.subject).toBe(known)
    }
    expect(service.asked.length).toBe(1)
  })

  test('is asked no more once nobody waits', () => {
    const { service, request } = guarding()
    const { cancel } = request()
    cancel?.()
    cancel?.()
    expect(service.last.isCancelled).toBeTrue()
  })

  test('is told of no request whose fields are too many, nor is that let in', () => {
    const { service, request } = guarding({ whenAway: 'admit' })
    const lines = Array.from({ length: 200 }, (_, index) => `X-${index}: 1\r\n`).join('')
    expect([short(request(lines)), service.asked.length]).toEqual([431, 0])
  })
})

describe('an auth service that does not decide', () => {
  test.each([
    ['away', failure()],
    ['behind a gateway', answered(502)],
    ['talkative', answered(200, [['remote-user', 'x'.repeat(40_000)]])],
  ])('has requests refused when it is %s', (_, answer) => {
    const { service, request, events } = guarding()
    const heard = request()
    service.last.answer(answer)
    expect(heard.verdict).toEqual({
      kind: 'refused',
      problem: { status: 503, detail: 'the auth service cannot be asked', retryAfterSeconds: 1 },
      reason: 'forward-auth',
    })
    expect(events.map(({ kind }) => kind)).toEqual(['auth-away'])
  })

  test('has them let in where that is wanted, without what a client says in its name', () => {
    const { service, request, events } = guarding({ whenAway: 'admit' })
    const heard = request('Remote-User: root\r\n')
    service.last.answer(failure())
    expect(heard.verdict).toEqual({ kind: 'admitted', pass: { requestDrops: ['remote-user'] } })
    const refused = request()
    service.last.answer(answered(403))
    expect(short(refused)).toBe(403)
    expect(events.map(({ kind }) => kind)).toEqual(['auth-away', 'auth-back'])
  })

  test('is asked a thousand questions at once, and no more', () => {
    const { service, request, events } = guarding()
    const waiting = Array.from({ length: 1000 }, () => request())
    expect(short(request())).toBe(503)
    expect(events).toMatchObject([{ kind: 'auth-away', detail: '1000 questions are under way' }])
    waiting[0]?.cancel?.()
    waiting[0]?.cancel?.()
    expect(short(request())).toBeUndefined()
    expect(short(request())).toBe(503)
    service.asked[1]?.answer(answered(200))
    expect(short(request())).toBeUndefined()
    waiting[1]?.cancel?.()
    expect(short(request())).toBe(503)
  })
})

describe('what an auth service has said', () => {
  const remembering = (changes: Partial<AuthCachePolicy> = {}) => {
    const guarded = guarding({ cache: { ...cache, ...changes } })
    /** What became of a request: 'asked', and let in by the service, or decided at once. */
    const outcome = (lines: string, line?: string, address?: string): string => {
      const { length } = guarded.service.asked
      const heard = guarded.request(lines, line, address)
      if (guarded.service.asked.length === length) return `known ${short(heard)}`
      guarded.service.last.answer(answered(200, [['remote-user', 'ann']]))
      return `asked ${short(heard)}`
    }
    return { ...guarded, outcome }
  }

  test('holds for equal requests, for a while', () => {
    const { clock, outcome } = remembering()
    expect(outcome('Cookie: session=1\r\n')).toBe('asked admitted')
    clock.advance(4999)
    expect(outcome('Cookie: session=1; other=2\r\n')).toBe('known admitted')
    clock.advance(1)
    expect(outcome('Cookie: session=1\r\n')).toBe('asked admitted')
  })

  test.each([
    ['Cookie: session=2\r\n', undefined, undefined],
    ['Cookie: session=1; session=2\r\n', undefined, undefined],
    ['Cookie: session=1\r\nAuthorization: Bearer x\r\n', undefined, undefined],
    ['Authorization: session=1\r\n', undefined, undefined],
    ['Cookie: session=1\r\n', 'POST / HTTP/1.1', undefined],
    ['Cookie: session=1\r\n', 'GET /admin HTTP/1.1', undefined],
    ['Cookie: session=1\r\n', 'GET /?a HTTP/1.1', undefined],
    ['Cookie: session=1\r\n', 'GET http://b.example/ HTTP/1.1', undefined],
    ['Cookie: session=1\r\n', undefined, '192.0.2.2'],
  ])('says nothing of another: %j %j from %j', (lines, line, address) => {
    const { outcome } = remembering()
    outcome('Cookie: session=1\r\n')
    expect(outcome(lines, line, address)).toBe('asked admitted')
    expect(outcome(lines, line, address)).toBe('known admitted')
  })

  test('holds for all of a route where the service looks at nothing else, yet for that sender alone', () => {
    const { outcome } = remembering({ per: 'route' })
    outcome('Cookie: session=1\r\n')
    expect(outcome('Cookie: session=1\r\n', 'POST http://b.example/admin?a HTTP/1.1')).toBe('known admitted')
    expect(outcome('Cookie: session=1\r\n', undefined, '192.0.2.2')).toBe('asked admitted')
    expect(outcome('Cookie: session=2\r\n')).toBe('asked admitted')
  })

  test('of one who shows nothing is not remembered', () => {
    const { outcome } = remembering({ per: 'route' })
    expect([outcome(''), outcome(''), outcome('Cookie: other=1\r\n')]).toEqual(Array(3).fill('asked admitted'))
  })

  test.each([
    ['a refusal', answered(401)],
    ['a way to sign in', answered(302, [['location', '/login']])],
    ['a new cookie', answered(200, [['set-cookie', 'session=2']])],
    ['nothing', failure()],
  ])('is not remembered when it is %s', (_, answer) => {
    const { service, request, outcome } = remembering()
    request('Cookie: session=1\r\n')
    service.last.answer(answer)
    expect(outcome('Cookie: session=1\r\n')).toBe('asked admitted')
  })

  test('says each time who it is', () => {
    const { request, outcome } = remembering()
    outcome('Cookie: session=1\r\n')
    expect(request('Cookie: session=1\r\n').asked.subject).toEqual({ key: 'auth ann' })
  })

  test('is told the backend each time', () => {
    const { request, outcome } = remembering()
    outcome('Cookie: session=1\r\n')
    expect(request('Cookie: session=1\r\nRemote-User: root\r\n').verdict).toEqual({
      kind: 'admitted',
      pass: { requestDrops: ['remote-user'], requestLines: 'remote-user: ann\r\n' },
    })
  })
})
