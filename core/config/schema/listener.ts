/** `listeners` and `admin`: where SmartEdge itself listens. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { ListenAddress, SocketAddress } from '../../address.ts'
import type { ListenOptions } from '../../net/listen-options.ts'
import type { ProxyPolicy } from '../../proxy-protocol/policy.ts'
import type { TlsPolicy } from '../../tls/policy.ts'
import type { AdminConfig, Http2Choice } from '../config.ts'
import { defaults } from '../defaults.ts'
import { isLoopback } from '../network.ts'
import { either, type Named, object, record, section } from '../read/containers.ts'
import { convert, type Field, located, showDefault } from '../read/field.ts'
import { flag, off, type Parsed, text } from '../read/scalars.ts'
import { address, addresses, defaultAddress, type Written } from './addresses.ts'
import { checkEngine, type Engine, engineFields } from './listener-engine.ts'
import { socketFields, socketOptions } from './listener-socket.ts'
import { modeField, type TcpDraft, tcpDraft, tcpFields } from './listener-tcp.ts'
import { http2 } from './http2.ts'
import { thingName } from './names.ts'
import { proxyProtocol } from './proxy-protocol.ts'
import { tls } from './tls.ts'

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

/** undefined: the port of whatever listener ends TLS. */
interface Redirect {
  readonly port: number | undefined
}

const redirect = located(
  text({
    title: 'https or https:port',
    description:
      'Answers every request with 308 and the same place of `https://`, at the port of the listener that has `tls` (443 where there are several, or none), or at one that is named, where clients see another.',
    examples: ['https', 'https:8443'],
    rule: 'must be "https", or with a port "https:8443"',
    pattern: '^https(:[0-9]{1,5})?$',
    parse(value): Parsed<Redirect> {
      const port = /^https(?::(\d{1,5}))?$/.exec(value)
      if (port === null) return { kind: 'fault' }
      const number = port[1] === undefined ? undefined : Number(port[1])
      return number === 0 || (number ?? 0) > 65_535 ? { kind: 'fault' } : { kind: 'value', value: { port: number } }
    },
  }),
)

const listener = convert(
  object(
    {
      address: addresses(
        defaults['listener.address'],
        'Where clients connect; port 0 takes any free one, `localhost` both 127.0.0.1 and ::1, `systemd:web` the sockets that systemd has opened under that name.',
      ),
      permissions: located(permissions),
      mode: modeField,
      ...engineFields,
      ...tcpFields,
      ...socketFields,
      reusePort,
      deferAccept,
      tls,
      http2: located(http2),
      proxyProtocol,
      redirect,
    },
    { description: 'A port for clients.' },
  ),
  (
    { address: written, permissions, mode, reusePort, deferAccept, tls, http2, proxyProtocol, redirect, ...more },
    node,
    reading,
  ): ListenerDraft => {
    const { backlog, keepAlive, userTimeout, sendBuffer, engine, http3, ...tcpKeys } = more
    const kinds = (written ?? []).map(({ value }) => value?.kind)
    const isUnix = kinds.length > 0 && kinds.every((kind) => kind === 'unix')
    for (const one of [reusePort, deferAccept])
      if (isUnix && one?.value === true) reading.report(one.node, { rule: 'must not be true for a unix: address' })
    if (permissions !== undefined && kinds.every((kind) => kind === 'tcp' || kind === 'systemd'))
      reading.report(permissions.node, { rule: 'is for unix: addresses only' })
    const isHttp = mode === undefined && node !== undefined && findNodeAtLocation(node, ['mode']) === undefined
    checkEngine({ engine, http3, isHttp, isSecure: tls !== undefined, reusePort, kinds }, node, reading)
    const tcp = tcpDraft(isHttp ? 'http' : mode, tcpKeys, node, reading)
    // Of who speaks first nothing is known but where it is TLS.
    const isClientFirst = tcp === undefined || tcp.isPassthrough || tls !== undefined
    const ended = tls && tcp?.isPassthrough && findNodeAtLocation(node as Node, ['tls'])
    if (ended) reading.report(ended, { rule: 'must not stand beside passthrough, which leaves TLS to the backends' })
    if (tcp !== undefined && http2 !== undefined)
      reading.report(http2.node, { rule: 'is for HTTP: in TCP mode bytes pass as they come' })
    if (tls !== undefined && redirect !== undefined)
      reading.report(redirect.node, { rule: 'must not stand beside tls: who comes here speaks HTTPS' })
    if (tcp !== undefined && redirect !== undefined)
      reading.report(redirect.node, { rule: 'is for HTTP: in TCP mode there is nothing to say it in' })
    return {
      addresses: written,
      permissions: permissions?.value,
      reusePort: reusePort?.value ?? false,
      deferAccept: deferAccept?.value ?? isClientFirst,
      options: socketOptions({ backlog, keepAlive, userTimeout, sendBuffer }, isUnix, reading),
      engine,
      http3: http3?.value === true ? true : undefined,
      tcp,
      tls,
      http2: http2?.value,
      proxyProtocol,
      redirect: redirect?.value,
    }
  },
)

export interface ListenerDraft {
  /** undefined: the default. */
  readonly addresses: readonly Written<ListenAddress>[] | undefined
  readonly permissions: number | undefined
  readonly reusePort: boolean
  readonly deferAccept: boolean
  readonly options: ListenOptions | undefined
  readonly engine: Engine | undefined
  readonly http3: true | undefined
  readonly tcp: TcpDraft | undefined
  readonly tls: TlsPolicy | undefined
  readonly http2: Http2Choice | undefined
  readonly proxyProtocol: ProxyPolicy | undefined
  readonly redirect: Redirect | undefined
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
  readonly address: Written<SocketAddress> | undefined
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
