/** Fields that several access rules have: a service's URL, where a request shows who sent it, what a backend is told. */
import type { Sign } from '../../admission/auth-policy.ts'
import { object } from '../read/containers.ts'
import { type About, convert, type Field } from '../read/field.ts'
import { type Parsed, text } from '../read/scalars.ts'
import { cookieName, fieldName } from './names.ts'

/** Absolute, http or https; the first example is what a faulty one is told. */
export const serviceUrl = (about: About & { readonly examples: readonly [string] }): Field<string | undefined> =>
  text({
    ...about,
    title: 'URL',
    rule: `must be an absolute http or https URL such as "${about.examples[0]}"`,
    pattern: '^https?://',
    parse: parseUrl,
  })

function parseUrl(written: string): Parsed<string> {
  if (!/^https?:\/\/[!-~]{1,4096}$/i.test(written) || !URL.canParse(written)) return { kind: 'fault' }
  const url = new URL(written)
  if (url.username !== '' || url.password !== '')
    return { kind: 'fault', rule: 'must not hold a user name or password' }
  if (written.includes('#')) return { kind: 'fault', rule: 'must not hold a fragment: it is never sent' }
  return { kind: 'value', value: url.href }
}

/** What frames or routes a message, or tells how it came: nobody else may say that, and no rule takes it away. */
const OURS =
  /^(?:host|content-length|transfer-encoding|connection|keep-alive|proxy-connection|te|trailer|upgrade|expect|via|max-forwards|date|proxy|forwarded|x-forwarded-.*|x-real-ip|x-request-id)$/

/** Lower-case name of a field that rules may write, or take away: of none that SmartEdge itself needs. */
export function freeField(description: string, example: string): Field<string | undefined> {
  const field = fieldName(description, example)
  return convert(field, (name, node, reading) => {
    if (node !== undefined && OURS.test(name.replaceAll('_', '-')))
      return reading.report(node, { rule: 'must not be a field that SmartEdge itself writes' })
    return name
  })
}

/** A header or a cookie. */
export const sign = (description: string): Field<Sign | undefined> =>
  convert(
    object(
      { header: fieldName('A field.', 'x-token'), cookie: cookieName('A cookie.', 'session') },
      { description, examples: [{ cookie: 'session' }] },
    ),
    ({ header, cookie }, node, reading): Sign | undefined => {
      if (node !== undefined && node.children?.length !== 1)
        return reading.report(node, { rule: 'must have one of the keys header and cookie' })
      if (header !== undefined) return { kind: 'header', name: header }
      return cookie === undefined ? undefined : { kind: 'cookie', name: cookie }
    },
  )
