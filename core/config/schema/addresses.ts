/** Where we listen, as the file writes it, and which of these places exclude each other. */
import { isIPv4 } from 'node:net'
import type { Node } from 'jsonc-parser'
import { formatListenAddress, type ListenAddress, type SocketAddress } from '../../address.ts'
import { isConflicting, parseAnyListenAddress, parseListenAddress } from '../network.ts'
import { either, list } from '../read/containers.ts'
import { convert, type Field, type Located } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { type Parsed, text } from '../read/scalars.ts'
import type { TextSetting } from '../setting.ts'

/** Without a value: it says something faulty. */
export type Written<Address> = Located<Address | undefined>

interface AddressOptions<Address> {
  readonly title: string
  readonly examples: readonly string[]
  readonly pattern: string
  readonly parse: (written: string) => Parsed<Address>
}

const plain: AddressOptions<SocketAddress> = {
  title: 'host:port, [v6]:port or unix:/path',
  examples: ['0.0.0.0:8080', '[::]:8080', 'unix:/run/smartedge.sock'],
  pattern: '^(.+:[0-9]{1,5}|unix:/.+)$',
  parse: parseListenAddress,
}

const any: AddressOptions<ListenAddress> = {
  title: 'host:port, [v6]:port, unix:/path or systemd:name',
  examples: [...plain.examples, '[fe80::1%eth0]:8080', 'systemd:web'],
  pattern: '^(.+:[0-9]{1,5}|unix:/.+|systemd:.+)$',
  parse: parseAnyListenAddress,
}

function addressBy<Address>(
  { title, examples, pattern, parse }: AddressOptions<Address>,
  description: string,
): Field<Written<Address> | undefined> {
  const field = text({
    title,
    description,
    examples,
    rule: 'must be an address such as "0.0.0.0:8080", "[::]:8080" or "unix:/run/edge.sock"',
    pattern,
    parse,
    hintFor: (value) => (typeof value === 'number' ? `did you mean "0.0.0.0:${value}"?` : undefined),
  })
  return {
    ...field,
    read: (node, reading) => node && { node, value: field.read(node, reading) },
  }
}

/** One of them; undefined: the file says nothing, so that the default holds. */
export function address(setting: TextSetting, description: string): Field<Written<SocketAddress> | undefined> {
  const field = addressBy(plain, description)
  return { ...field, schema: { ...field.schema, default: setting.value } }
}

/** One, or a list of them; otherwise as `address`. */
export function addresses(
  setting: TextSetting,
  description: string,
): Field<readonly Written<ListenAddress>[] | undefined> {
  const one = addressBy(any, description)
  const alone = convert(one, (written): readonly Written<ListenAddress>[] => [written])
  const several = convert(
    list(one, {
      description: 'Several of them. `[::]` beside an IPv4 address on its port is for IPv6 alone.',
      examples: [['0.0.0.0:80', '[::]:80']],
      ifEmpty: 'must not be empty',
    }),
    (written) => written.map((each) => ({ ...each, value: besideOthers(each.value, written) })),
  )
  const forms = either<readonly Written<ListenAddress>[]>(
    { string: alone, array: several },
    { title: 'address, or list of them', description, rule: 'must be an address, or a list of them' },
  )
  return {
    ...forms,
    schema: { ...forms.schema, default: setting.value },
    // A number is told what it lacks.
    read: (node, reading) => (node?.type === 'number' ? alone : forms).read(node, reading),
  }
}

/** By itself `::` is for IPv4 as well: beside an address of that it may not be. */
function besideOthers(
  value: ListenAddress | undefined,
  all: readonly Written<ListenAddress>[],
): ListenAddress | undefined {
  if (value?.kind !== 'tcp' || value.host !== '::' || value.port === 0) return value
  const isShared = all.some(
    ({ value: other }) => other?.kind === 'tcp' && isIPv4(other.host) && other.port === value.port,
  )
  return isShared ? { ...value, isV6Only: true } : value
}

/** A default stands in the table as text. */
export function defaultAddress(setting: TextSetting): SocketAddress {
  const parsed = parseListenAddress(setting.value)
  if (parsed.kind === 'fault') throw new Error(`the default address ${setting.value} must be valid`)
  return parsed.value
}

/** A socket we open, what the file calls it, and where it stands there (undefined: nowhere, it is a default). */
export interface Claim {
  readonly key: string
  readonly address: ListenAddress
  readonly node: Node | undefined
}

/** Reports addresses that cannot be bound together, at the later of the two that stands in the file. */
export function checkClaims(claims: readonly Claim[], reading: Reading): void {
  claims.forEach((claim, index) => {
    const other = claims.slice(0, index).find((earlier) => areExclusive(earlier, claim))
    if (other === undefined) return
    const [at, against] = claim.node === undefined ? [other, claim] : [claim, other]
    if (at.node === undefined) return
    const whose = at.key === against.key ? 'the others there' : `the address of ${against.key}`
    reading.report(at.node, { rule: `must differ from ${whose}: both cannot be bound` })
  })
}

function areExclusive(a: Claim, b: Claim): boolean {
  if (a.address.kind !== 'systemd' && b.address.kind !== 'systemd' && isConflicting(a.address, b.address)) return true
  // Of those that are anybody's: port 0 may stand in several listeners, and a name of systemd's leads to one alone.
  const isSame = formatListenAddress(a.address) === formatListenAddress(b.address)
  return isSame && (a.key === b.key || a.address.kind === 'systemd')
}
