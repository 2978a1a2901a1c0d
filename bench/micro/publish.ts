/** Cost of a change of membership: reconcile and make a list of candidates, by pool size. Run: `bun bench/micro/publish.ts`. */
import { bench, do_not_optimize, run, summary } from 'mitata'
import { Backend } from '../../core/backend/backend.ts'
import type { Member } from '../../core/backend/member.ts'
import { reconcile } from '../../core/backend/reconcile.ts'
import { settle } from '../../core/balance/eligible.ts'
import { forgetfulLatencies } from '../../test/support/make-backend.ts'

const createMember = (index: number): Member => ({
  id: `127.0.0.1:${index}`,
  address: { kind: 'tcp', host: '127.0.0.1', port: index },
  weight: 1,
  tier: 0,
  zone: undefined,
  isDraining: false,
  place: undefined,
})
const restraint = { maxEjected: 0.5, panicThreshold: 0 }
const create = (member: Member): Backend => new Backend(member, forgetfulLatencies(), 0)

summary(() => {
  for (const size of [10, 100, 1000, 10_000]) {
    const members = Array.from({ length: size }, (_, index) => createMember(index + 1))
    const { backends } = reconcile([], members, create, 0)
    bench(`${size} backends, all kept`, () => do_not_optimize(reconcile(backends, members, create, 0)))
    bench(`${size} backends, list of candidates`, () => do_not_optimize(settle(backends, restraint)))
  }
})

await run()
