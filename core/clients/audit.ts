/** Changes of clients and plans in words and fields, for the audit event. Pure. */
import type { Client, Plan } from './contract.ts'

type Fields = Readonly<Record<string, unknown>>

/** Of a change these tell nothing. */
const OWN = new Set(['revision', 'createdAt', 'updatedAt'])

/** `what`: `client c-1`. Undefined where nothing has changed. */
export function auditOf(what: string, before: Client | Plan | undefined, after: Client | Plan | undefined) {
  if (before === undefined && after === undefined) return undefined
  const verb = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const [old, now] = [told(before), told(after)]
  const differs = (name: string): boolean => !Bun.deepEquals(old[name], now[name])
  return { what: `${what} ${verb}`, before: only(old, differs), after: only(now, differs) }
}

const told = (entity: Client | Plan | undefined): Fields =>
  only(Object.fromEntries(Object.entries(entity ?? {})), () => true)

const only = (fields: Fields, holds: (name: string) => boolean): Fields =>
  Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => value !== undefined && !OWN.has(name) && holds(name)),
  )
