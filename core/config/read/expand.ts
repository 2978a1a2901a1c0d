/**
 * `${VAR}`, `${VAR:-default}` and `${VAR:?message}` in a text -> the text they stand for. `$${` is a literal `${`.
 * As in a shell, `:-` and `:?` also take an empty variable for a missing one. Nothing nests. Pure; never throws.
 */
import type { Fault } from '../problems.ts'

export type Env = Readonly<Record<string, string | undefined>>

export type Expanded = { readonly kind: 'text'; readonly text: string } | ({ readonly kind: 'fault' } & Fault)

/** An escape, a whole form, or an opening that is neither. */
const form = /\$\$\{|\$\{([A-Za-z_]\w*)(?::([-?])([^}]*))?\}|\$\{/g

/** Faults name the variable and never show its value. */
export function expand(text: string, env: Env): Expanded {
  if (!text.includes('${')) return { kind: 'text', text }
  let fault: Fault | undefined
  const expanded = text.replace(form, (whole: string, name?: string, operator?: string, rest = '') => {
    if (whole === '$${') return '${'
    if (name === undefined) {
      fault ??= { rule: 'must hold ${NAME}, ${NAME:-default} or ${NAME:?message}', hint: 'a literal ${ is written $${' }
      return ''
    }
    const value = lookUp(env, name)
    if (value !== undefined && (value !== '' || operator === undefined)) return value
    if (operator === '-') return rest
    fault ??= {
      rule: `needs the environment variable ${name}${operator === '?' && rest !== '' ? `: ${rest}` : ', which is not set'}`,
      isLocal: true,
    }
    return ''
  })
  return fault === undefined ? { kind: 'text', text: expanded } : { kind: 'fault', ...fault }
}

/** Whether `expand` would look at any; an escape is none. */
export const holdsVariable = (text: string): boolean => text.replaceAll('$${', '').includes('${')

/** Inherited members such as `constructor` are no variables. */
function lookUp(env: Env, name: string): string | undefined {
  const value = env[name]
  return typeof value === 'string' ? value : undefined
}
