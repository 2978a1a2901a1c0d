/** All contestants by name, and which of those asked for are on this machine. */
import { caddy } from './caddy.ts'
import { haproxy } from './haproxy.ts'
import { nginx, nginxStock } from './nginx.ts'
import { node } from './node.ts'
import type { Peer } from './peer.ts'
import { pipe } from './pipe.ts'
import { createSmartedge, smartedgeOnBun } from './smartedge.ts'
import { traefik } from './traefik.ts'

/** In the order of the tables. */
export const roster: readonly Peer[] = [
  createSmartedge(),
  nginx,
  haproxy,
  caddy,
  traefik,
  node,
  pipe,
  nginxStock,
  smartedgeOnBun,
]

/** The rivals of a run that names none. */
export const defaultRivals: readonly string[] = ['nginx', 'haproxy', 'caddy', 'traefik', 'node']

export interface Selection {
  readonly found: readonly Peer[]
  /** Asked for, known, and not on this machine. */
  readonly missing: readonly Peer[]
}

/** Throws on a name that nobody has. `extra` are known too, and come last. */
export function selectPeers(names: readonly string[], extra: readonly Peer[] = []): Selection {
  const known = [...roster, ...extra]
  const unknown = names.filter((name) => !known.some((peer) => peer.name === name))
  if (unknown.length > 0)
    throw new Error(`no contestant '${unknown.join("', '")}'; there are ${known.map((peer) => peer.name).join(', ')}`)
  const wanted = known.filter((peer) => names.includes(peer.name))
  const found = wanted.filter((peer) => peer.version() !== undefined)
  return { found, missing: wanted.filter((peer) => !found.includes(peer)) }
}
