/** What a backend is told of a token's claims, in field lines of ours. */
import { fieldLine } from '../forward/field-line.ts'
import type { JwtPolicy } from './auth-policy.ts'

type Claims = Readonly<Record<string, unknown>>

/** Claims that are absent, or that no field can hold as they are, have no line. */
export const claimLines = (claims: Claims, wanted: JwtPolicy['claims']): string =>
  wanted
    .map(({ claim, field }) => {
      const text = textOf(claimNamed(claims, claim))
      return text === undefined ? '' : (fieldLine(field, text) ?? '')
    })
    .join('')

/** A claim of just that name, as URLs are, else the one that its dots lead to. */
function claimNamed(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  let value: unknown = claims
  for (const step of name.split('.')) {
    if (!isClaims(value) || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  return value
}

const isClaims = (value: unknown): value is Claims =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Lists are joined by commas. undefined: it has no text that its readers would take for the same. */
function textOf(value: unknown): string | undefined {
  if (!Array.isArray(value)) return scalarText(value)
  const items = value.map(scalarText)
  // A reader would take one with a comma in it for two.
  const sound = items.filter((item) => item !== undefined && !item.includes(','))
  return sound.length === 0 ? undefined : sound.join(',')
}

/** White space around a value is lost on the way: " admin" would become "admin". */
function scalarText(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' && value !== '' && value.trim() === value ? value : undefined
}
