/**
 * Addresses, URLs and CIDR blocks as people write them -> their parsed, canonical form. Pure; never throws.
 * IPv4 is read in its four-part decimal form only: `0x7f.1` and `010.0.0.1` mean different hosts to different readers.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import ipaddr from 'ipaddr.js'
import { formatAddress, type ListenAddress, type SocketAddress } from '../address.ts'
import { hostsOf } from '../bind-hosts.ts'
import type { Parsed } from './read/scalars.ts'

/** Bytes of a Unix socket's path: `sun_path` holds 108 with the final NUL on Linux, 104 on macOS. */
const maxSocketPathBytes = 103

const maxPort = 65_535

/** As `parseListenAddress`, or `systemd:name`. */
export function parseAnyListenAddress(text: string): Parsed<ListenAddress> {
  if (!text.startsWith('systemd:')) return parseListenAddress(text)
  const name = text.slice('systemd:'.length)
  // systemd.socket(5): printable ASCII without a colon, up to 255.
  if (/^[!-9;-~]{1,255}$/.test(name)) return { kind: 'value', value: { kind: 'systemd', name } }
  return { kind: 'fault', rule: 'must be systemd: and the FileDescriptorName of a socket unit' }
}

/** `host:port`, `[v6]:port` (port 0: any free one; link-local: with its interface, `[fe80::1%eth0]`) or `unix:/path`. */
export function parseListenAddress(text: string): Parsed<SocketAddress> {
  if (text.startsWith('unix:')) return parseUnix(text)
  const { host: written, port } = splitAuthority(text)
  const { host, zone } = splitZone(written)
  if (host === '' && port !== undefined) return { kind: 'fault', hint: `did you mean "0.0.0.0:${port}"?` }
  if (port === undefined && isPort(text, 0)) return { kind: 'fault', hint: `did you mean "0.0.0.0:${text}"?` }
  const canonical = canonicalHost(host)
  if (canonical === undefined || port === undefined) return { kind: 'fault' }
  if (!isPort(port, 0)) return { kind: 'fault', hint: portHint(port, 0) }
  if (isLinkLocal(canonical) !== (zone !== undefined)) return zoneFault(canonical, zone, port)
  return { kind: 'value', value: { kind: 'tcp', host: canonical + (zone ?? ''), port: Number(port) } }
}

/** `[fe80::1%eth0]` -> `[fe80::1]` and `%eth0`. */
function splitZone(host: string): { readonly host: string; readonly zone: string | undefined } {
  const [, address, zone] = /^(\[[^\]%]*)(%[\w.-]{1,15})\]$/.exec(host) ?? []
  return address === undefined ? { host, zone: undefined } : { host: `${address}]`, zone }
}

/** fe80::/10 (RFC 4291 2.5.6). */
const isLinkLocal = (host: string): boolean => isIPv6(host) && /^fe[89ab]/.test(host)

function zoneFault(host: string, zone: string | undefined, port: string): Parsed<SocketAddress> {
  if (zone !== undefined) return { kind: 'fault', rule: 'must name an interface for a link-local address only' }
  const rule = 'must name the interface of a link-local address'
  return { kind: 'fault', rule, hint: `"[${host}%eth0]:${port}", say` }
}

/** Where a backend is, and what is spoken to it there. */
export interface BackendUrl {
  readonly address: SocketAddress
  readonly scheme: 'http' | 'https'
}

/** By what a backend is known in its pool: another scheme is another backend. */
export const backendId = ({ address, scheme }: BackendUrl): string =>
  `${scheme === 'https' ? 'https://' : ''}${formatAddress(address)}`

/**
 * `http://host:port` or `https://host:port` (80 or 443 when absent, nothing behind it but `/`), `tcp://host:port` for what speaks no
 * HTTP, or `unix:/path`.
 */
export function parseBackendUrl(text: string): Parsed<BackendUrl> {
  if (text.startsWith('unix:')) {
    const socket = parseUnix(text)
    return socket.kind === 'fault' ? socket : { kind: 'value', value: { address: socket.value, scheme: 'http' } }
  }
  const [, named = '', authority, rest] = /^(https?|tcp):\/\/([^/?#]*)(.*)$/is.exec(text) ?? []
  const scheme = named.toLowerCase() === 'https' ? 'https' : 'http'
  if (authority === undefined)
    return { kind: 'fault', hint: parseHostPort(text, 80) && `did you mean "http://${text}"?` }
  if (authority.includes('@')) return { kind: 'fault', rule: 'must not hold a user name or password' }
  if (rest !== '' && rest !== '/')
    return { kind: 'fault', rule: 'must end after the port: a backend has no path or query' }
  if (named.toLowerCase() === 'tcp' && splitAuthority(authority).port === undefined)
    return { kind: 'fault', rule: 'must name a port behind tcp://' }
  const address = parseHostPort(authority, scheme === 'https' ? 443 : 80)
  return address === undefined
    ? { kind: 'fault', hint: authorityHint(authority, scheme) }
    : { kind: 'value', value: { address, scheme } }
}

function authorityHint(authority: string, scheme: string): string | undefined {
  const { host, port } = splitAuthority(authority)
  if (canonicalHost(host) !== undefined) return portHint(port, 1)
  const ascii = asciiHost(host)
  return ascii && `did you mean "${scheme}://${ascii}${port === undefined ? '' : `:${port}`}"?`
}

/** For a port that is a number, and yet none. */
const portHint = (port: string | undefined, min: number): string | undefined =>
  port !== undefined && /^\d+$/.test(port) ? `ports go from ${min} to ${maxPort}` : undefined

/** An IP address or CIDR block, canonical: `2001:DB8::/32` -> `2001:db8::/32`. */
export function parseCidr(text: string): Parsed<string> {
  const [address = '', prefix, ...more] = text.split('/')
  const ip = canonicalIp(address)
  if (ip === undefined || more.length > 0) return { kind: 'fault', hint: cidrHint(text) }
  if (prefix === undefined) return { kind: 'value', value: ip }
  if (!/^(0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > (isIPv4(ip) ? 32 : 128)) return { kind: 'fault' }
  const network = networkOf(ip, prefix)
  if (network === ip) return { kind: 'value', value: `${ip}/${prefix}` }
  const rule = `must begin with its own network address: the last ${(isIPv4(ip) ? 32 : 128) - Number(prefix)} bits are 0`
  return { kind: 'fault', rule, hint: `did you mean "${network}/${prefix}"?` }
}

function cidrHint(text: string): string | undefined {
  if (text.toLowerCase() === 'localhost') return 'did you mean "127.0.0.1" and "::1"?'
  const { host, port } = splitAuthority(text)
  if (port !== undefined && canonicalIp(host) !== undefined) return `did you mean "${host}"?`
  return canonicalHost(text) === undefined
    ? undefined
    : 'names are not looked up: write the addresses that it stands for'
}

/** Whether only this machine can reach it. */
export const isLoopback = (address: SocketAddress): boolean =>
  address.kind === 'unix' ||
  address.host === 'localhost' ||
  address.host === '::1' ||
  (isIPv4(address.host) && address.host.startsWith('127.'))

/** Whether both cannot be bound at once: the same, or the same port where one host stands for all of them. */
export function isConflicting(a: SocketAddress, b: SocketAddress): boolean {
  if (a.kind === 'unix' || b.kind === 'unix') return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path
  if (a.port !== b.port || a.port === 0) return false
  const others = hostsOf(b.host)
  const isV6Only = a.isV6Only === true || b.isV6Only === true
  return hostsOf(a.host).some((host) => others.some((other) => host === other || covers(host, other, isV6Only)))
}

/** Whether one of the two stands for the other too; `::` also takes IPv4 connections, where it does. */
const covers = (one: string, other: string, isV6Only: boolean): boolean =>
  ([one, other].includes('::') && (!isV6Only || (isIPv6(one) && isIPv6(other)))) ||
  ([one, other].includes('0.0.0.0') && !isIPv6(one) && !isIPv6(other))

/** A name, an IPv4 address or a bracketed IPv6 address in lower case, without the brackets; undefined when it is none. */
export function canonicalHost(host: string): string | undefined {
  const bracketed = /^\[(.*)\]$/s.exec(host)?.[1]
  if (bracketed !== undefined) return isIPv6(bracketed) ? canonicalIp(bracketed) : undefined
  return isIPv4(host) || isHostName(host) ? host.toLowerCase() : undefined
}

/** The form of an internationalized name that clients send (RFC 5891): `münchen.de` -> `xn--mnchen-3ya.de`; else undefined. */
export function asciiHost(host: string): string | undefined {
  if (!/[^\0-\x7f]/.test(host) || host.length > 253) return undefined
  return canonicalHost(domainToASCII(host))
}

/** Labels of RFC 1123 2.1, underscores let through; a last label of digits would be a mistyped IPv4 address. */
const isHostName = (host: string): boolean =>
  host.length <= 253 &&
  /^(?!.*(?:^|\.)(?:\d+|0x[\da-f]*)$)(?:[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?(?:\.(?!$)|$))+$/i.test(host)

function parseHostPort(authority: string, defaultPort: number): SocketAddress | undefined {
  const { host, port = String(defaultPort) } = splitAuthority(authority)
  const canonical = canonicalHost(host)
  return canonical !== undefined && isPort(port, 1) ? { kind: 'tcp', host: canonical, port: Number(port) } : undefined
}

/** The last colon outside brackets parts them; `host` keeps its brackets. */
function splitAuthority(text: string): { host: string; port: string | undefined } {
  const [, host = text, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(text) ?? []
  return { host, port }
}

const isPort = (text: string, min: number): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= min && Number(text) <= maxPort

function parseUnix(text: string): Parsed<SocketAddress> {
  const path = text.slice('unix:'.length)
  if (!path.startsWith('/') || path.includes('\0')) return { kind: 'fault', rule: 'must be unix: and an absolute path' }
  if (Buffer.byteLength(path) > maxSocketPathBytes)
    return { kind: 'fault', rule: `must name a socket with a path of at most ${maxSocketPathBytes} bytes` }
  return { kind: 'value', value: { kind: 'unix', path } }
}

/** Zones such as `fe80::1%eth0` are refused: they mean something to whoever listens only. */
function canonicalIp(text: string): string | undefined {
  if (isIPv4(text)) return text
  return isIPv6(text) && !text.includes('%') ? ipaddr.IPv6.parse(text).toRFC5952String() : undefined
}

const networkOf = (ip: string, prefix: string): string =>
  isIPv4(ip)
    ? ipaddr.IPv4.networkAddressFromCIDR(`${ip}/${prefix}`).toString()
    : ipaddr.IPv6.networkAddressFromCIDR(`${ip}/${prefix}`).toRFC5952String()
