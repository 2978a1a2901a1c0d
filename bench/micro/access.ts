/** Cost of each rule of access for a request that it lets in. Run: `bun bench/micro/access.ts`. */
import { bench, do_not_optimize, run, summary } from 'mitata'
import { addressSet } from '../../core/admission/address-list.ts'
import { allowAddresses } from '../../core/admission/addresses.ts'
import { type Admission, type Asked, everybody } from '../../core/admission/admission.ts'
import { apiKey } from '../../core/admission/api-key.ts'
import { basicAuth } from '../../core/admission/basic-auth.ts'
import { bodySize } from '../../core/admission/body-size.ts'
import { cors } from '../../core/admission/cors.ts'
import { allowMethods } from '../../core/admission/methods.ts'
import { PasswordChecks } from '../../core/admission/password-checks.ts'
import type { Client } from '../../core/clients/contract.ts'
import { createIdentify } from '../../core/forward/identify.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { formatIp } from '../../core/ip/address.ts'
import { banning } from '../../core/limits/ban-admission.ts'
import { BanTable } from '../../core/limits/ban.ts'
import { drawIndex, seededRandom } from '../../core/random.ts'
import { Secret } from '../../core/secrets.ts'
import { profiles, renderRequest } from '../profile.ts'

const random = seededRandom(1)
const blocks = Array.from({ length: 10_000 }, () => {
  const prefix = 8 + drawIndex(random, 25)
  const network = Math.floor((random() * 2 ** 32) / 2 ** (32 - prefix)) * 2 ** (32 - prefix)
  return `${formatIp(network)}/${prefix}`
})
// Every address but those of the documentation, which ask here.
const denied = addressSet(blocks.filter((block) => !addressSet([block]).has('192.0.2.1')))

const profile = profiles['headers-13']
if (profile === undefined) throw new Error('no profile headers-13')
const usual = renderRequest(profile, '127.0.0.1:8080', { close: false, path: '/api/items', id: 42 }).toString('latin1')
const more = [
  `Authorization: Basic ${Buffer.from('ann:a-long-password').toString('base64')}`,
  'X-Api-Key: sek_0123456789012345678901234567890123456789012',
  'Origin: https://app.example',
]
const bytes = Buffer.from(usual.replace('\r\n\r\n', `\r\n${more.join('\r\n')}\r\n\r\n`), 'latin1')
const head = new RequestHead(256)
head.parse(bytes, 0, bytes.length, { maxHeadBytes: 65_536, maxTargetBytes: 16_384, maxFields: 256 })

const asks = (address: string): Asked =>
  ({
    client: {},
    identity: createIdentify(() => false)({
      address,
      scheme: 'http',
      serverName: undefined,
      protocol: undefined,
      certificate: undefined,
    }),
    subject: undefined,
    now: () => 0,
  }) as unknown as Asked

const checks = new PasswordChecks({
  now: () => 0,
  atOnce: 1,
  verify: async () => true,
  inEvent: (task) => task(),
  reportFault: () => undefined,
})
const users = new Map([['ann', new Secret(`$2y$10$${'a'.repeat(53)}`)]])
const basic = basicAuth({ realm: 'a', users, hide: true, checks })
const first = basic.admit(asks('192.0.2.1'), head, 0)
if (first.kind === 'later') await new Promise<void>((resolve) => void first.wait(() => resolve()))

const client = { id: 'acme', isEnabled: true, validUntil: undefined } as unknown as Client
const directory = { freshness: { kind: 'up', ageMs: 0 }, byKey: () => client } as const
const key = apiKey({
  policy: { from: { kind: 'header', name: 'x-api-key' }, hide: true },
  directory: () => directory,
  wallTime: () => 0,
})
const origins = cors({
  origins: ['https://app.example'],
  methods: ['GET'],
  fields: [],
  expose: [],
  credentials: true,
  maxAgeMs: 0,
})

const banned = new BanTable()
banned.update({ after: 1, withinMs: 1000, forMs: 1_000_000 })
const calm = new BanTable()
for (let index = 0; index < 10_000; index += 1) banned.refused(formatIp(index * 65_536), 0)

const v4 = asks('192.0.2.1')
const v6 = asks('2001:db8:85a3:8d3:1319:8a2e:370:7348')
const rules: readonly (readonly [name: string, rule: Admission, asked: Asked])[] = [
  ['nothing', everybody, v4],
  ['addresses, 10,000 blocks, IPv4', allowAddresses([], [denied]), v4],
  ['addresses, 10,000 blocks, IPv6', allowAddresses([], [addressSet(['2001:db9::/32', ...blocks])]), v6],
  ['methods', allowMethods(['GET', 'HEAD']), v4],
  ['maxBody', bodySize(1_000_000), v4],
  ['cors, of a script', origins, v4],
  ['basic, known', basic, v4],
  ['apiKey, without the look-up', key, v4],
  ['ban, nobody banned', banning(calm, everybody), v4],
  ['ban, 10,000 banned', banning(banned, everybody), v4],
]

summary(() => {
  for (const [name, rule, asked] of rules) {
    if (rule.admit(asked, head, 0).kind !== 'admitted') throw new Error(`${name} does not let it in`)
    bench(name, () => do_not_optimize(rule.admit(asked, head, 0)))
  }
})

await run()
