/** Names that certificates are for, and files called after them. */

import type { ChallengeKind } from './policy.ts'

/** A host's name in lower-case ASCII, of two labels at least, 253 characters at most; `*.` may stand before it. */
const NAME = /^(?:\*\.)?(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/

export const isCertificateName = (name: string): boolean => NAME.test(name)

export const isWildcard = (name: string): boolean => name.startsWith('*.')

/** Of the hosts that routes name, those that a CA can be shown by `challenge`, each once. */
export const provable = (hosts: readonly string[], challenge: ChallengeKind): readonly string[] =>
  [...new Set(hosts)].filter((host) => isCertificateName(host) && (challenge === 'dns-01' || !isWildcard(host)))

/** Where dns-01 has its record (RFC 8555 8.4): below the name itself, without its asterisk. */
export const recordName = (name: string): string => `_acme-challenge.${name.replace(/^\*\./, '')}`
