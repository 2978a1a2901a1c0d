/** Clients and plans as the API shows them: rates as people write them, times in ISO 8601, null for what there is not. Pure. */
import type { Client, ClientStore, ExportedClient, Freshness, Plan, PlanFields } from '../clients/contract.ts'
import { limitsOf } from '../clients/limits.ts'
import { formatRate, type Rate } from '../rate.ts'
import type { ImportClientBody } from './client-schemas.ts'

export interface LimitsView {
  readonly rate: string | null
  readonly burst: number | null
}

interface Revised {
  readonly revision: number
  readonly createdAt: string
  readonly updatedAt: string
}

export interface ClientView extends LimitsView, Revised {
  readonly id: string
  readonly name: string
  readonly plan: string | null
  readonly note: string
  readonly enabled: boolean
  readonly validUntil: string | null
  readonly keyPrefix: string
  /** What holds for it: its own, else its plan's. */
  readonly limit: LimitsView
}

export interface PlanView extends LimitsView, Revised {
  readonly name: string
}

/** How far what is told can be relied on: as old as that, and why it does not follow the database. */
export interface StoreView {
  readonly state: 'up' | 'away'
  readonly ageMs: number
  readonly reason: string | null
}

export interface ClientPageView {
  readonly clients: readonly ClientView[]
  readonly total: number
  /** `after` of the next page; null: this is the last one. */
  readonly next: string | null
  readonly store: StoreView
}

export function clientView(client: Client, store: Pick<ClientStore, 'plan'>): ClientView {
  const { id, name, plan, note, isEnabled, validUntil, keyPrefix } = client
  return {
    id,
    name,
    plan: plan ?? null,
    ...limitsView(client),
    note,
    enabled: isEnabled,
    validUntil: validUntil === undefined ? null : isoTime(validUntil),
    keyPrefix,
    limit: limitsView(limitsOf(client, plan === undefined ? undefined : store.plan(plan))),
    ...revised(client),
  }
}

export const planView = (plan: Plan): PlanView => ({ name: plan.name, ...limitsView(plan), ...revised(plan) })

/** As the import takes it. */
export const exportedView = (client: ExportedClient): ImportClientBody => ({
  id: client.id,
  name: client.name,
  plan: client.plan ?? null,
  ...limitsView(client),
  note: client.note,
  enabled: client.isEnabled,
  validUntil: client.validUntil === undefined ? null : isoTime(client.validUntil),
  keyHash: client.keyHash,
  keyPrefix: client.keyPrefix,
})

export const storeView = (freshness: Exclude<Freshness, { kind: 'unknown' }>): StoreView => ({
  state: freshness.kind,
  ageMs: Math.round(freshness.ageMs),
  reason: freshness.kind === 'away' ? freshness.reason : null,
})

const limitsView = ({ rate, burst }: PlanFields): LimitsView => ({ rate: rateText(rate), burst: burst ?? null })

const rateText = (rate: Rate | undefined): string | null => (rate === undefined ? null : formatRate(rate))

const revised = ({ revision, createdAt, updatedAt }: Client | Plan): Revised => ({
  revision,
  createdAt: isoTime(createdAt),
  updatedAt: isoTime(updatedAt),
})

const isoTime = (at: number): string => new Date(at).toISOString()
