/** Fields for names and blocks that several sections use. */
import { unixPeers } from '../config.ts'
import { parseCidr } from '../network.ts'
import type { Field } from '../read/field.ts'
import { text } from '../read/scalars.ts'

/** Pools and listeners: short, and safe in URLs, metric labels and on a terminal. */
export const thingName = {
  namePattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
  nameRule: 'must be a name of 1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit',
} as const

/** Lower case. */
export const fieldName = (description: string, example: string): Field<string | undefined> =>
  text({
    title: 'field name',
    description,
    examples: [example],
    rule: `must be a field name such as "${example}"`,
    parse: (name) => (isToken(name) ? { kind: 'value', value: name.toLowerCase() } : { kind: 'fault' }),
  })

export const cookieName = (description: string, example: string): Field<string | undefined> =>
  text({
    title: 'cookie name',
    description,
    examples: [example],
    rule: `must be a cookie name such as "${example}"`,
    parse: (name) => (isToken(name) ? { kind: 'value', value: name } : { kind: 'fault' }),
  })

/** RFC 9110 5.6.2: methods, field and cookie names. */
export const tokenPattern = /^[!#$%&'*+.^_`|~\dA-Za-z-]{1,128}$/

export const isToken = (name: string): boolean => tokenPattern.test(name)

export const cidr = (description: string): Field<string | undefined> =>
  text({
    title: 'IP address or CIDR block',
    description,
    examples: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'],
    rule: 'must be an IP address or CIDR block such as "10.0.0.0/8"',
    parse: parseCidr,
  })

/** One of `trustedProxies`. */
export const trustedProxy = text({
  title: 'IP address, CIDR block, or "unix:"',
  description: 'A proxy, or a block of them; `unix:` for whoever connects to a listener on a Unix socket.',
  examples: ['10.0.0.0/8', unixPeers],
  rule: `must be an IP address, a CIDR block such as "10.0.0.0/8", or "${unixPeers}"`,
  parse(written) {
    if (written === unixPeers) return { kind: 'value', value: unixPeers }
    const isNearly = /^unix\b/i.test(written)
    return isNearly ? { kind: 'fault', hint: `did you mean "${unixPeers}"?` } : parseCidr(written)
  },
})
