/**
 * What a token costs a request once it has been checked: `bun bench/micro/token.ts`. An RS256 token of some 900 bytes among
 * the fields of a browser, of which two claims are told; beside it what checking it takes.
 */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { bench, do_not_optimize, run } from 'mitata'
import type { Asked, Verdict } from '../../core/admission/admission.ts'
import type { JwtPolicy } from '../../core/admission/auth-policy.ts'
import { TokenAdmission } from '../../core/admission/jwt.ts'
import { fixedKeys, readKeySet } from '../../core/admission/key-set.ts'
import { verifyToken } from '../../core/admission/verify-token.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { parseRequest } from '../../test/support/http1-heads.ts'

const { privateKey, publicKey } = await generateKeyPair('RS256')
const set = readKeySet(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }] }))
if (set.kind !== 'keys') throw new Error(set.detail)
const keys = fixedKeys(set.keys)
const policy: JwtPolicy = {
  keys: { kind: 'file', path: '/keys.json' },
  issuers: ['https://id.example.com/'],
  audiences: undefined,
  algorithms: ['RS256'],
  clockToleranceMs: 0,
  required: ['exp'],
  from: undefined,
  claims: [
    { claim: 'sub', field: 'x-user' },
    { claim: 'roles', field: 'x-roles' },
  ],
}
const token = await new SignJWT({ roles: ['reader', 'writer'], note: 'x'.repeat(200) })
  .setProtectedHeader({ alg: 'RS256', kid: 'one' })
  .setSubject('ann')
  .setIssuer('https://id.example.com/')
  .setExpirationTime('1h')
  .sign(privateKey)
const head = parseRequest(
  `GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nAccept-Language: en\r\nAccept-Encoding: gzip\r\nReferer: https://a/\r\nCookie: a=b\r\nAuthorization: Bearer ${token}\r\n\r\n`,
)
const admission = new TokenAdmission({ policy, keys, clock, inEvent: (task) => task() })
const asked = { subject: undefined, now: () => clock.now() } as unknown as Asked

const first = admission.admit(asked, head, clock.now())
await new Promise<Verdict>((decide) => {
  if (first.kind === 'later') first.wait(decide)
})
const again = admission.admit(asked, head, clock.now())
if (again.kind !== 'admitted') throw new Error(`the token of ${token.length} bytes is not known: ${again.kind}`)

const now = clock.now()
bench(`a token of ${token.length} bytes that is known`, () => do_not_optimize(admission.admit(asked, head, now)))
bench('a token that is checked', async () => {
  await verifyToken(token, { keys, policy, wallTime: () => clock.wallTime() })
})
await run()
