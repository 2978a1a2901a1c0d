/** Who may come: what the rules of routes stand on, and those of one. */
import { type AccessRules, accessRules } from '../admission/access.ts'
import type { ClientDirectory } from '../clients/contract.ts'
import type { RouteConfig } from '../config/config.ts'
import { createAsk } from '../net/ask.ts'
import { plainFacts } from '../stream/peer.ts'
import { AccessFiles } from './access-files.ts'
import { createAccessParts } from './access-parts.ts'
import { AuthHost } from './auth-host.ts'
import { BanGuard } from './ban-guard.ts'
import type { Ground } from './ground.ts'

/** `directory`: of the clients that are known now. */
export function createAccess(ground: Ground, directory: () => ClientDirectory | undefined) {
  const accessFiles = new AccessFiles(ground.clock)
  const parts = createAccessParts(ground, accessFiles, directory)
  const isTrusted = (address: string): boolean => ground.published.world.identify(plainFacts(address)).isTrusted
  const bans = new BanGuard({ ...ground, isTrusted })
  const auth = new AuthHost({ ...ground, ask: createAsk(ground.clock, ground.reportFault) })
  const rulesOf = (rule: RouteConfig): AccessRules => {
    const { open, authentication } = accessRules(rule.access ?? {}, parts)
    return { open, authentication: [...authentication, ...auth.admissionsFor(rule)] }
  }
  return { accessFiles, auth, bans, rulesOf }
}
