/** `smartedge plan`: lists, sets and removes the plans that clients of a running edge may have in common. */
import type { PlanView, StoreView } from '../../core/admin/client-view.ts'
import { plansPath, planPath } from '../../core/view/api-paths.ts'
import { command } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { planTable, staleness } from '../text/client-table.ts'
import { counted } from '../../core/view/amounts.ts'
import { printable } from '../text/text.ts'
import type { ClientOptions } from './client.ts'

/** null takes away, undefined leaves as it is. */
export interface PlanLimits {
  readonly rate?: string | null | undefined
  readonly burst?: number | null | undefined
}

interface PlanList {
  readonly plans: readonly PlanView[]
  readonly store: StoreView
}

export const planList = (io: Io, options: ClientOptions): Promise<number> =>
  seen(io, options, ({ plans, store }) => {
    if (options.json) io.data(`${JSON.stringify({ plans, store }, null, 2)}\n`)
    else io.stdout(`${plans.length === 0 ? '' : planTable(plans, io.color)}${counted(plans.length, 'plan')}\n`)
    return Promise.resolve(exitCode.ok)
  })

/** Adds it, or changes what is said of it; refused where somebody else has changed it in between. */
export const planSet = (io: Io, name: string, { rate, burst }: PlanLimits, options: ClientOptions): Promise<number> =>
  seen(io, options, async ({ plans }) => {
    const before = plans.find((plan) => plan.name === name)
    const body = {
      rate: rate === undefined ? (before?.rate ?? null) : rate,
      burst: burst === undefined ? (before?.burst ?? null) : burst,
    }
    const headers = matchOf(before)
    return await command(
      io,
      options,
      { method: 'PUT', path: planPath(name), body, headers, tells: 'name' },
      (answer) => {
        if (options.json) io.data(`${JSON.stringify(answer, null, 2)}\n`)
        else io.stdout(planTable([answer as PlanView], io.color))
        return exitCode.ok
      },
    )
  })

export const planRemove = (io: Io, name: string, options: ClientOptions): Promise<number> =>
  seen(io, options, async ({ plans }) => {
    const headers = matchOf(plans.find((plan) => plan.name === name))
    return await command(
      io,
      options,
      { method: 'DELETE', path: planPath(name), headers, tells: 'removed' },
      (answer) => {
        if (options.json) io.data(`${JSON.stringify(answer, null, 2)}\n`)
        else io.stdout(`the plan ${printable(name)} is removed\n`)
        return exitCode.ok
      },
    )
  })

/** As it was seen; none for one that is not there. */
const matchOf = (plan: PlanView | undefined): Readonly<Record<string, string>> =>
  plan === undefined ? {} : { 'if-match': `"${plan.revision}"` }

const seen = (io: Io, options: ClientOptions, act: (list: PlanList) => Promise<number>): Promise<number> =>
  command(io, options, { method: 'GET', path: plansPath, tells: 'plans' }, async (answer) => {
    const list = answer as PlanList
    io.stderr(staleness(list.store))
    return await act(list)
  })
