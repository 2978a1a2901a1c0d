import { describe, expect, test } from 'bun:test'
import type { Verdict } from '../../../core/admission/admission.ts'
import { basicAuth } from '../../../core/admission/basic-auth.ts'
import { type Claim, PasswordChecks } from '../../../core/admission/password-checks.ts'
import { Secret } from '../../../core/secrets.ts'
import { askRule, kindOf } from '../../support/asking.ts'

/** Users whose hashes are their passwords behind a dash, and who are checked at once. */
function users(names: Readonly<Record<string, string>>, hide = false) {
  const verified: string[] = []
  const checks = new PasswordChecks({
    now: () => 0,
    atOnce: 1,
    async verify(password, hash) {
      verified.push(`${Buffer.from(password).toString()} ${hash}`)
      return hash === `-${Buffer.from(password).toString()}`
    },
    inEvent: (task) => task(),
    reportFault(error) {
      throw error
    },
  })
  const hashes = new Map(Object.entries(names).map(([name, password]) => [name, new Secret(`-${password}`)]))
  const rule = basicAuth({ realm: 'staff', users: hashes, hide, checks })
  const ask = (lines: string) => askRule(rule, { lines })
  /** To the end, whether now or later. */
  const settle = async (lines: string) => {
    const answer = ask(lines)
    let { verdict } = answer
    const first = verdict
    if (first.kind === 'later') verdict = await new Promise<Verdict>((resolve) => void first.wait(resolve))
    return {
      wasLater: first.kind === 'later',
      status: kindOf({ ...answer, verdict }),
      subject: answer.subject(),
      verdict,
    }
  }
  return { ask, settle, verified, checks }
}

const basic = (credentials: string, scheme = 'Basic') =>
  `Authorization: ${scheme} ${Buffer.from(credentials).toString('base64')}\r\n`

describe('users with passwords', () => {
  test('are let in once theirs has been checked, and at once from then on', async () => {
    const { settle, verified } = users({ ann: 'secret' })
    const first = await settle(basic('ann:secret'))
    expect(first).toMatchObject({ wasLater: true, status: 'admitted', subject: { key: 'user ann' } })
    const second = await settle(basic('ann:secret'))
    expect(second).toMatchObject({ wasLater: false, status: 'admitted', subject: { key: 'user ann' } })
    expect(verified).toEqual(['secret -secret'])
  })

  test('with wrong ones are told what is needed, and no user they are', async () => {
    const { settle, verified } = users({ ann: 'secret' })
    for (const wasLater of [true, false])
      expect(await settle(basic('ann:wrong'))).toEqual({
        wasLater,
        status: 401,
        subject: undefined,
        verdict: {
          kind: 'refused',
          problem: {
            status: 401,
            detail: 'a name and a password are needed here',
            lines: 'WWW-Authenticate: Basic realm="staff", charset="UTF-8"\r\n',
          },
          reason: 'credentials',
        },
      })
    expect(verified).toHaveLength(1)
  })

  test('that there are none of are checked as long, even with somebody else’s password', async () => {
    const { settle, verified } = users({ ann: 'secret' })
    expect(await settle(basic('bob:secret'))).toMatchObject({ wasLater: true, status: 401, subject: undefined })
    expect(await settle(basic('bob:secret'))).toMatchObject({ wasLater: false, status: 401 })
    expect(verified).toEqual(['secret -secret'])
  })

  test.each([
    ['nothing', ''],
    ['nothing behind the scheme', 'Authorization: Basic\r\n'],
    ['another scheme', basic('ann:secret', 'Bearer')],
    ['no base64', 'Authorization: Basic a!b=\r\n'],
    ['two texts', 'Authorization: Basic YTpi YTpi\r\n'],
    ['no colon', basic('ann')],
    ['no name', basic(':secret')],
    ['two fields', basic('ann:secret') + basic('ann:secret')],
    ['a name and a password of 10 KB', basic(`ann:${'x'.repeat(10_000)}`)],
  ])('of %s are none', (_title, lines) => {
    const { ask, verified } = users({ ann: 'secret' })
    expect([kindOf(ask(lines)), verified]).toEqual([401, []])
  })

  test.each([
    ['in lower case', basic('ann:secret', 'basic')],
    ['behind several spaces', basic('ann:secret', 'BASIC   ')],
    ['with colons in it', basic('cid:a:b:c')],
    ['beyond ASCII', basic('dän:süß')],
    ['that is empty', basic('eve:')],
  ])('tell it %s', async (_title, lines) => {
    const { settle } = users({ ann: 'secret', cid: 'a:b:c', dän: 'süß', eve: '' })
    expect((await settle(lines)).status).toBe('admitted')
  })

  test('are nobody where there are no users', () => {
    expect(kindOf(users({}).ask(basic('ann:secret')))).toBe(401)
  })

  test('are told to the backend, or hidden from it', async () => {
    expect((await users({ ann: 'a' }).settle(basic('ann:a'))).verdict).toEqual({ kind: 'admitted' })
    expect((await users({ ann: 'a' }, true).settle(basic('ann:a'))).verdict).toEqual({
      kind: 'admitted',
      pass: { requestDrops: ['authorization'] },
    })
  })

  test('whose password has changed are checked anew', async () => {
    const { checks, settle } = users({ ann: 'old' })
    await settle(basic('ann:old'))
    const changed = basicAuth({ realm: 'a', users: new Map([['ann', new Secret('-new')]]), hide: false, checks })
    expect(kindOf(askRule(changed, { lines: basic('ann:old') }))).toBe('later')
  })

  test('beyond what can be checked are told to come again', () => {
    const { ask, checks } = users({ ann: 'a' })
    const claim = (name: string, address: string): Claim => ({
      mark: name,
      password: Buffer.of(),
      hash: '',
      isDecoy: false,
      address,
    })
    for (let index = 0; index < 8; index += 1) checks.check(claim(`a${index}`, '192.0.2.1'), () => undefined)
    expect(ask(basic('ann:b')).verdict).toMatchObject({
      problem: { status: 429, retryAfterSeconds: 1 },
      reason: 'credentials',
    })
    for (let index = 0; index < 64; index += 1) checks.check(claim(`b${index}`, `10.0.0.${index}`), () => undefined)
    const rule = basicAuth({ realm: 'a', users: new Map([['ann', new Secret('-a')]]), hide: false, checks })
    expect(askRule(rule, { lines: basic('ann:b'), from: '10.1.1.1' }).verdict).toMatchObject({
      problem: { status: 503, retryAfterSeconds: 1 },
      reason: 'credentials',
    })
  })
})
