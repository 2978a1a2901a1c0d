/** What the API was sent of clients and plans, as the store takes it; and what the store says of it. Pure. */
import type { ClientChange, ClientDraft, FieldProblem, ImportedClient, PlanFields } from '../clients/contract.ts'
import { parseRate } from '../rate.ts'
import { showText } from '../config/read/show.ts'
import type { AddClientBody, ImportClientBody, LimitsBody, UpdateClientBody } from './client-schemas.ts'
import type { Finding } from './problem.ts'

/** What its schema cannot see of a body: an instant of a day that no month has. */
export function calendarFault({ validUntil }: UpdateClientBody): Finding | undefined {
  if (typeof validUntil !== 'string' || isDate(validUntil)) return undefined
  return { key: 'validUntil', rule: 'must be a date that there is', value: showText(validUntil) }
}

/** Only what is there, `null` as undefined. */
export function clientChange(body: UpdateClientBody): ClientChange {
  const { name, plan, note, enabled, validUntil } = body
  return {
    ...(name !== undefined && { name }),
    ...(plan !== undefined && { plan: plan ?? undefined }),
    ...limitsOf(body),
    ...(note !== undefined && { note }),
    ...(enabled !== undefined && { isEnabled: enabled }),
    ...(validUntil !== undefined && { validUntil: validUntil === null ? undefined : Date.parse(validUntil) }),
  }
}

export const clientDraft = (body: AddClientBody): ClientDraft => ({
  ...clientChange(body),
  name: body.name,
  ...(body.id !== undefined && { id: body.id }),
})

export const importedClient = (body: ImportClientBody): ImportedClient => ({
  ...clientDraft(body),
  ...(body.keyHash !== undefined && { keyHash: body.keyHash }),
  ...(body.keyPrefix !== undefined && { keyPrefix: body.keyPrefix }),
})

/** All limits of a plan: what is absent is none. */
export const planFields = (body: LimitsBody): PlanFields => ({ rate: undefined, burst: undefined, ...limitsOf(body) })

/** Fields are called the same here, but for `enabled`, of which its schema leaves the store nothing to say. */
export const findingOf = ({ field, message }: FieldProblem): Finding => ({ key: field, rule: message })

const limitsOf = ({ rate, burst }: LimitsBody): Partial<PlanFields> => ({
  ...(rate !== undefined && { rate: rate === null ? undefined : parseRate(rate) }),
  ...(burst !== undefined && { burst: burst ?? undefined }),
})

/** Also of those that take 31 February for 3 March. */
function isDate(text: string): boolean {
  if (Number.isNaN(Date.parse(text))) return false
  const day = text.slice(0, 10)
  const at = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day)
}
