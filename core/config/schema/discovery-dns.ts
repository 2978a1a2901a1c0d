/** `dns` of a pool's `discovery`: a name whose addresses, or whose SRV records, are members. */
import { isIP } from 'node:net'
import type { DnsPolicy } from '../../discovery/policy.ts'
import type { NameServer } from '../../names/servers.ts'
import { defaults } from '../defaults.ts'
import { canonicalHost } from '../network.ts'
import { list, object } from '../read/containers.ts'
import { convert, located, orElse, required, showDefault } from '../read/field.ts'
import { choice, count, type Parsed, text } from '../read/scalars.ts'

const portSetting = defaults['pool.discovery.dns.port']
const recordsSetting = defaults['pool.discovery.dns.records']
const familySetting = defaults['pool.discovery.dns.family']

const name = text({
  title: 'name',
  description:
    'The name, as it stands in DNS; a dot at its end makes it full. Without one, and without `resolvers`, the machine’s search domains are tried.',
  examples: ['web.internal', '_http._tcp.web.internal'],
  rule: 'must be a name such as "web.internal"',
  parse: (written) => {
    const isName = isIP(written) === 0 && canonicalHost(written.replace(/\.$/, '')) !== undefined
    return isName ? { kind: 'value', value: written.toLowerCase() } : { kind: 'fault' }
  },
})

const resolver = text<NameServer>({
  title: 'IP address, or IP address and port',
  description: 'A name server; port 53 unless it says otherwise.',
  examples: ['10.0.0.2', '10.0.0.2:8600', '[fd00::2]:53'],
  rule: 'must be an IP address, with a port or without, such as "10.0.0.2:53"',
  parse: parseNameServer,
})

const DNS_PORT = 53

function parseNameServer(written: string): Parsed<NameServer> {
  if (isIP(written) !== 0) return { kind: 'value', value: { address: written, port: DNS_PORT } }
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(written) ?? []
  const address = host.replace(/^\[(.*)\]$/, '$1')
  const isRight = isIP(address) === (host === address ? 4 : 6) && Number(port) >= 1 && Number(port) <= 65_535
  return isRight ? { kind: 'value', value: { address, port: Number(port) } } : { kind: 'fault' }
}

const body = object(
  {
    name: required(name),
    records: orElse(
      choice(['addresses', 'srv'], {
        description:
          'What of it are members: its addresses (A, AAAA), or its SRV records, which bring ports, weights and, as tiers, priorities.',
      }),
      recordsSetting.value,
    ),
    port: located(
      showDefault(
        count({ ...portSetting, value: undefined }, { description: 'Where its addresses listen.', examples: [8080] }),
        portSetting.value,
      ),
    ),
    family: orElse(
      choice(['auto', 'ipv4', 'ipv6', 'both'], {
        description:
          'Which addresses count. `auto`: IPv6 ones where there are none of IPv4, since a host that has both is one member. `both`: every address is a member.',
      }),
      familySetting.value,
    ),
    resolvers: located(
      list(resolver, {
        description: 'The name servers to ask, one after the other until one answers; by default those of the machine.',
        examples: [['10.0.0.2:8600']],
        ifEmpty: 'must not be empty; leave it out for those of the machine',
      }),
    ),
  },
  {
    description:
      'A name in DNS whose addresses or SRV records are members, asked for again as soon as what was said of it has run out, every 30 s at least.',
    examples: [{ name: 'web.internal', port: 8080 }],
  },
)

export const dns = convert(
  body,
  ({ name, records, port, family, resolvers }, _node, reading): DnsPolicy | undefined => {
    if (records === 'srv' && port !== undefined)
      reading.report(port.node, { rule: 'is not for SRV records, which bring ports of their own' })
    if (name === undefined) return undefined
    return {
      kind: 'dns',
      name,
      records: records === 'srv' ? { kind: 'srv' } : { kind: 'addresses', port: port?.value ?? portSetting.value },
      family,
      resolvers: resolvers?.value,
    }
  },
)
