/** `listeners` and `admin`: where SmartEdge itself listens. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { SocketAddress } from '../../address.ts'
import type { TlsPolicy } from '../../tls/policy.ts'
import type { AdminConfig } from '../config.ts'
import { defaults } from '../defaults.ts'
import type { TextSetting } from '../setting.ts'
import { isConflicting, isLoopback, parseListenAddress } from '../network.ts'
import { either, type Named, object, record, section } from '../read/containers.ts'
import { convert, type Field, type Located, located, showDefault } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { flag, off, type Parsed, text } from '../read/scalars.ts'
import { modeField, type TcpDraft, tcpDraft, tcpFields } from './listener-tcp.ts'
import { thingName } from './names.ts'
import { tls } from './tls.ts'

/** What the file says, or (without a value) that it says something faulty; undefined: nothing, so that the default holds. */
type WrittenAddress = Located<SocketAddress | undefined> | undefined

function address(setting: TextSetting, description: string): Field<WrittenAddress> {
  const field = text({
    title: 'host:port, [v6]:port or unix:/path',
    description,
    examples: ['0.0.0.0:8080', '[::]:8080', 'unix:/run/smartedge.sock'],
    rule: 'must be an address such as "0.0.0.0:8080", "[::]:8080" or "unix:/run/edge.sock"',
    pattern: '^(.+:[0-9]{1,5}|unix:/.+)$',
    parse: parseListenAddress,
    hintFor: (value) => (typeof value === 'number' ? `did you mean "0.0.0.0:${value}"?` : undefined),
  })
  return {
    schema: { ...field.schema, default: setting.value },
    read: (node, reading) => node && { node, value: field.read(node, reading) },
  }
}

/** A default stands in the table as text. */
function defaultAddress(setting: TextSetting): SocketAddress {
  const parsed = parseListenAddress(setting.value)
  if (parsed.kind === 'fault') throw new Error(`the default address ${setting.value} must be valid`)
  return parsed.value
}

const permissions = text({
  title: 'octal permissions',
  description:
    'Permissions of a `unix:` address: who may write may connect. Without it they follow the umask: 0755 with the usual 022, so that only our own user may.',
  examples: ['0660'],
  rule: 'must be permissions in octal such as "0660"',
  pattern: '^0?[0-7]{3}$',
  parse: (value) =>
    /^0?[0-7]{3}$/.test(value) ? { kind: 'value', value: Number.parseInt(value, 8) } : { kind: 'fault' },
  hintFor: (value) => (typeof value === 'number' ? `did you mean "0${value}", in quotes?` : undefined),
})

const reusePort = showDefault(
  located(
    flag({
      description:
        'Lets other processes of the same user listen there too, if all of them say so: for a restart without a gap. Not for `unix:` addresses.',
      examples: [true],
    }),
  ),
  false,
)

const deferAccept = showDefault(
  located(
    flag({
      description:
        'Lets a client in only when its first bytes are there, or after a second, which costs less for clients that connect for each request. One that connected before the listener was told to go, and says nothing until it does, is reset. On Linux; never for `unix:` addresses, and in TCP mode only where it is written, since in many protocols the server speaks first.',
      examples: [false],
    }),
  ),
  true,
)

const listener = convert(
  object(
    {
      address: address(
        defaults['listener.address'],
        'Where clients connect; port 0 takes any free one, `localhost` both 127.0.0.1 and ::1.',
      ),
      permissions: located(permissions),
      mode: modeField,
      ...tcpFields,
      reusePort,
      deferAccept,
      tls,
    },
    { description: 'A port for clients.' },
  ),
  ({ address, permissions, mode, reusePort, deferAccept, tls, ...tcpKeys }, node, reading): ListenerDraft => {
    const isUnix = address?.value?.kind === 'unix'
    for (const one of [reusePort, deferAccept])
      if (isUnix && one?.value === true) reading.report(one.node, { rule: 'must not be true for a unix: address' })
    if (!isUnix && permissions !== undefined && (address === undefined || address.value !== undefined))
      reading.report(permissions.node, { rule: 'is for unix: addresses only' })
    const isHttp = mode === undefined && node !== undefined && findNodeAtLocation(node, ['mode']) === undefined
    const tcp = tcpDraft(isHttp ? 'http' : mode, tcpKeys, node, reading)
    // Of who speaks first nothing is known but where it is TLS.
    const isClientFirst = tcp === undefined || tcp.isPassthrough || tls !== undefined
    const ended = tls && tcp?.isPassthrough && findNodeAtLocation(node as Node, ['tls'])
    if (ended) reading.report(ended, { rule: 'must not stand beside passthrough, which leaves TLS to the backends' })
    return {
      address,
      permissions: permissions?.value,
      reusePort: reusePort?.value ?? false,
      deferAccept: deferAccept?.value ?? (isClientFirst && !isUnix),
      tcp,
      tls,
    }
  },
)

export interface ListenerDraft {
  readonly address: WrittenAddress
  readonly permissions: number | undefined
  readonly reusePort: boolean
  readonly deferAccept: boolean
  readonly tcp: TcpDraft | undefined
  readonly tls: TlsPolicy | undefined
}

export const listeners: Field<readonly Named<ListenerDraft>[] | undefined> = record(listener, {
  ...thingName,
  noun: 'listener',
  description:
    'Ports for clients, by a name of your choice. Without it there is one, "default", on the default address.',
  examples: [{ web: { address: '0.0.0.0:8080' } }],
})

export const defaultListenerAddress = defaultAddress(defaults['listener.address'])

const token = text({
  title: 'text',
  description:
    'What callers must send as `Authorization: Bearer …`. Required unless the address is loopback; there, without one (an empty one counts as none), anybody may read, and changes take a token that SmartEdge makes at its start and keeps for its own commands. Take it from a variable rather than writing it here.',
  examples: ['${SMARTEDGE_ADMIN_TOKEN:-}'],
  rule: 'must be at most 1024 printable ASCII characters without spaces',
  isSecret: true,
  parse: parseToken,
})

function parseToken(value: string): Parsed<string> {
  return /^[!-~]{0,1024}$/.test(value) ? { kind: 'value', value } : { kind: 'fault' }
}

const open = showDefault(
  located(
    flag({
      description:
        'Lets whoever reaches the loopback address make changes without a token: for labs and demos. Not beside `token`.',
      examples: [true],
    }),
  ),
  false,
)

const adminBody = section(
  { address: address(defaults['admin.address'], 'Where the admin API listens.'), token, open },
  { description: 'The admin API: health, status, metrics and changes.' },
)

export interface AdminDraft {
  readonly config: AdminConfig
  readonly address: WrittenAddress
}

const adminObject = convert(adminBody, ({ address: place, token: secret, open }, node, reading): AdminDraft => {
  const config = {
    address: place?.value ?? defaultAddress(defaults['admin.address']),
    token: secret?.reveal() === '' ? undefined : secret,
    open: open?.value ?? false,
  }
  if (open?.value && config.token !== undefined)
    reading.report(open.node, { rule: 'must not be true beside a token, which guards everything' })
  const isExposed = config.token === undefined && !isLoopback(config.address)
  if (isExposed && node !== undefined) {
    const rule = 'must be set when the address is not loopback: whoever reaches it could change the pools'
    const hasToken = node.children?.some((property) => property.children?.[0]?.value === 'token')
    if (!hasToken) reading.report(node, { rule }, { child: 'token' })
    else if (secret?.reveal() === '') reading.report(node, { rule: `${rule}; here it is empty` }, { child: 'token' })
  }
  return { config, address: place }
})

const adminRule = 'must be an object with the keys address, token, open, or false'

const adminForms = either<AdminDraft | false>(
  { object: adminObject, boolean: off({ description: 'No admin API.' }, adminRule) },
  {
    title: 'object or false',
    description: 'The admin API; on loopback unless told otherwise, `false` for none.',
    rule: adminRule,
  },
)

/** `admin`; undefined: switched off. */
export const admin: Field<AdminDraft | undefined> = {
  ...adminForms,
  read(node, reading) {
    const draft = node === undefined ? adminObject.read(undefined, reading) : adminForms.read(node, reading)
    return draft === false ? undefined : draft
  },
}

/** A socket we open, what the file calls it, and where it stands there (undefined: nowhere, it is a default). */
export interface Claim {
  readonly key: string
  readonly address: SocketAddress
  readonly node: Node | undefined
}

/** Reports addresses that cannot be bound together, at the later of the two that stands in the file. */
export function checkClaims(claims: readonly Claim[], reading: Reading): void {
  claims.forEach((claim, index) => {
    const other = claims.slice(0, index).find((earlier) => isConflicting(earlier.address, claim.address))
    if (other === undefined) return
    const [at, against] = claim.node === undefined ? [other, claim] : [claim, other]
    if (at.node)
      reading.report(at.node, { rule: `must differ from the address of ${against.key}: both cannot be bound` })
  })
}
