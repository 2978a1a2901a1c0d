/** Fields for names and blocks that several sections use. */
import { unixPeers } from '../config.ts'
import { parseCidr } from '../network.ts'
import type { Field } from '../read/field.ts'
import { type Parsed, text } from '../read/scalars.ts'

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

const knownMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'QUERY']

export const method = text({
  title: 'method',
  description: 'A method token; case counts (RFC 9110 9.1).',
  rule: 'must be a method such as "GET"',
  parse(written): Parsed<string> {
    const known = knownMethods.find((name) => name === written.toUpperCase())
    if (known !== undefined && known !== written) return { kind: 'fault', hint: `did you mean "${known}"?` }
    return isToken(written) ? { kind: 'value', value: written } : { kind: 'fault' }
  },
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

/** An address, a block of them, or `unixPeers`. */
export const peers = (description: string): Field<string | undefined> =>
  text({
    title: 'IP address, CIDR block, or "unix:"',
    description,
    examples: ['10.0.0.0/8', unixPeers],
    rule: `must be an IP address, a CIDR block such as "10.0.0.0/8", or "${unixPeers}"`,
    parse(written) {
      if (written === unixPeers) return { kind: 'value', value: unixPeers }
      const isNearly = /^unix\b/i.test(written)
      return isNearly ? { kind: 'fault', hint: `did you mean "${unixPeers}"?` } : parseCidr(written)
    },
  })
