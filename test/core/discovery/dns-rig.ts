/** The DNS source on a clock that stands still, and name servers that answer from a table. */
import { dnsSource } from '../../../core/discovery/dns.ts'
import type { DnsPolicy } from '../../../core/discovery/policy.ts'
import type { DnsMessage, DnsRecord } from '../../../core/names/dns-message.ts'
import type { AskDns } from '../../../core/net/dns.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import { record } from './recorder.ts'

export type Answer = Partial<DnsMessage> | 'silent'

export const at = (address: string, ttl = 5, name = 'web.test'): DnsRecord =>
  address.includes(':') ? { name, ttl, type: 'AAAA', address } : { name, ttl, type: 'A', address }
export const alias = (name: string, target: string, ttl = 5): DnsRecord => ({ name, ttl, type: 'CNAME', target })
export const service = (
  target: string,
  port: number,
  [priority, weight]: readonly [number, number] = [0, 0],
  ttl = 5,
): DnsRecord => ({
  name: 'web.test',
  ttl,
  type: 'SRV',
  priority,
  weight,
  port,
  target,
})
export const nobody: Answer = { code: 3 }

/** Name servers that answer at once from a table, `name TYPE` or `name TYPE server`; others say that there is no such name. */
export function asking(facts: Partial<DnsPolicy> = {}, domains: readonly string[] = []) {
  const clock = virtualClock()
  const asked: string[] = []
  const answers = new Map<string, Answer>()
  const open = { now: 0, most: 0 }
  const say = (what: string, answer: Answer): void => void answers.set(what, answer)
  const ask: AskDns = ({ server, name, type, timeoutMs }, heard) => {
    const question = `${name} ${type}`
    asked.push(`${question} ${server.address}`)
    const answer = answers.get(`${question} ${server.address}`) ?? answers.get(question) ?? nobody
    if (answer === 'silent')
      return clock.after(timeoutMs, () => heard({ kind: 'failure', reason: `${server.address} is silent` }))
    open.now += 1
    open.most = Math.max(open.most, open.now)
    const message = { isTruncated: false, code: 0, answers: [], additional: [], ...answer }
    return clock.after(0, () => {
      open.now -= 1
      heard({ kind: 'message', message })
    })
  }
  const policy: DnsPolicy = {
    kind: 'dns',
    name: 'web.test',
    records: { kind: 'addresses', port: 80 },
    family: 'ipv4',
    resolvers: [{ address: '10.0.0.53', port: 53 }],
    ...facts,
  }
  const machine = [{ address: '127.0.0.53', port: 53 }]
  const source = dnsSource(policy, {
    clock,
    random: () => 0,
    search: () => ({ domains, ndots: 1 }),
    records: ({ resolvers }) => ({ ask, servers: () => resolvers ?? machine }),
  })
  return {
    clock,
    asked,
    open,
    say,
    /** A connect to one of its addresses has failed. */
    doubt: () => source.doubt?.(),
    start() {
      const told = record(source)
      clock.advance(0)
      return told
    },
  }
}

/** All that is asked at this instant. */
export function settle({ clock }: { readonly clock: { advance(ms: number): void } }): void {
  for (let times = 0; times < 100; times++) clock.advance(0)
}
