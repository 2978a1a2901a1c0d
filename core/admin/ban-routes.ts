/** The routes of bans: who is kept out now, and letting somebody back in before the time. */
import { problem } from './problem.ts'
import type { Routes } from './route.ts'
import type { AdminBans } from './source.ts'
import { json } from './whole.ts'

/** More at once nobody reads; `total` says how many there are. */
const MAX_LISTED = 1000

const NONE: Pick<AdminBans, 'list'> = { list: () => ({ total: 0, bans: [] }) }

export const banRoutes: Routes = {
  'GET /api/bans': {
    summary: `Clients that are kept out (\`ban\`), those who come back first before the others, ${MAX_LISTED} at most.`,
    answer: ({ source }) => json((source.bans ?? NONE).list(MAX_LISTED)),
  },
  'DELETE /api/bans/:address': {
    summary: 'Lets a client back in, by its address or, in IPv6, any address of its /64.',
    answer({ source, params, origin }) {
      const { address = '' } = params
      const lifted = source.bans?.lift(address, origin)
      if (lifted === undefined)
        return problem(404, `${address.slice(0, 100)} is not kept out; GET /api/bans lists who is.`)
      return json({ address: lifted })
    },
  },
}
