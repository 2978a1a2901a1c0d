/** Counts what the rules of a route refuse against the client, and lets nobody in who is kept out for it. */
import type { Admission, Asked, Verdict } from '../admission/admission.ts'
import { clientAddress } from '../forward/client-address.ts'
import type { RequestHead } from '../http1/request-head.ts'

export interface Bans {
  readonly isEmpty: boolean
  isBanned(address: string, now: number): boolean
  /** One of its requests was refused. */
  refused(address: string, now: number): unknown
}

const BANNED: Verdict = {
  kind: 'refused',
  problem: { status: 403, detail: 'too many requests from this address were refused: it has to wait' },
  reason: 'ban',
}

/** Around all the other rules of a route. */
export function banning(bans: Bans, rules: Admission): Admission {
  function note(verdict: Verdict, asked: Asked, head: () => RequestHead): Verdict {
    if (verdict.kind === 'later')
      return {
        kind: 'later',
        wait: (decide) => verdict.wait((next) => decide(note(next, asked, () => asked.client.readHead()))),
      }
    if (verdict.kind === 'refused' && isClientsFault(verdict)) count(asked, head())
    return verdict
  }

  /** A proxy that is trusted is not to blame for those behind it. */
  function count(asked: Asked, head: RequestHead): void {
    const { identity } = asked
    const address = clientAddress(identity, head)
    if (!identity.isTrusted || !identity.isTrustedProxy(address)) bans.refused(address, asked.now())
  }

  return {
    admit(asked, head, now) {
      if (!bans.isEmpty && bans.isBanned(clientAddress(asked.identity, head), now)) return BANNED
      return note(rules.admit(asked, head, now), asked, () => head)
    },
  }
}

/** What has no reason is no refusal, such as the answer to a preflight; what is wanting is ours, by a status from 500 on. */
const isClientsFault = ({ reason, problem }: Verdict & { readonly kind: 'refused' }): boolean =>
  reason !== undefined && problem.status < 500
