/**
 * Who asks auth services and checks tokens, as a part: whatever outlives a snapshot (key sets, what is remembered) belongs to
 * the policy's own text, and stays for as long as a route has that policy.
 */
import type { Admission } from '../admission/admission.ts'
import type { ForwardAuthPolicy, JwtPolicy } from '../admission/auth-policy.ts'
import { ForwardAuth } from '../admission/forward-auth.ts'
import type { AccessPolicy } from '../admission/policy.ts'
import { Reach, serviceName } from '../reach.ts'
import type { Clock } from '../clock.ts'
import type { Config, RouteConfig } from '../config/config.ts'
import type { Ask } from '../net/ask.ts'
import type { ReportFault } from '../net/event.ts'
import type { Emit } from '../observe/events.ts'
import { type Move, NO_MOVE, type Part, prepareAll, type Step, together } from '../part.ts'
import { fingerprint } from '../secrets.ts'
import type { AtWork } from './at-work.ts'

export interface AuthHostOptions {
  readonly ask: Ask
  readonly clock: Clock
  readonly emit: Emit
  readonly reportFault: ReportFault
}

/** An auth service is asked with every request, and may fail with every other. */
const QUIET_MS = 5000

/** In the order in which they are asked. */
const KINDS = ['jwt', 'forwardAuth'] as const satisfies readonly (keyof AccessPolicy)[]

type Kind = (typeof KINDS)[number]

export class AuthHost implements Part<Config> {
  private readonly options: AuthHostOptions
  /** By the policy's own text. */
  private atWork: ReadonlyMap<string, AtWork> = new Map()

  constructor(options: AuthHostOptions) {
    this.options = options
  }

  /** Of several routes with one policy the first is named. */
  async prepare({ routes }: Config): Promise<Move> {
    const next = new Map<string, AtWork>()
    const steps: Step[] = []
    for (const [index, { access }] of routes.entries()) {
      for (const kind of KINDS) {
        const text = textOf(kind, access)
        if (access === undefined || text === undefined || next.has(text)) continue
        const one = this.atWork.get(text) ?? (await this.create(kind, access))
        const key = `routes[${index}].access.${kind}`
        next.set(text, one)
        steps.push({ key, prepare: async () => one.prepare?.(key) ?? NO_MOVE })
      }
    }
    return together([await prepareAll(steps), { ...NO_MOVE, commit: () => this.take(next) }])
  }

  /** Of the config in force. */
  admissionsFor({ access }: RouteConfig): Admission[] {
    return KINDS.flatMap((kind) => {
      const text = textOf(kind, access)
      return (text !== undefined && this.atWork.get(text)?.admission) || []
    })
  }

  /** Fetches nothing more. */
  stop(): void {
    this.take(new Map())
  }

  private take(next: ReadonlyMap<string, AtWork>): void {
    const before = this.atWork
    this.atWork = next
    for (const [text, one] of before) if (!next.has(text)) one.stop?.()
    for (const [text, one] of next) if (!before.has(text)) one.start?.()
  }

  private async create(kind: Kind, { jwt, forwardAuth }: AccessPolicy): Promise<AtWork> {
    if (kind === 'jwt' && jwt !== undefined) return await this.createTokens(jwt)
    if (forwardAuth !== undefined) return this.createForwardAuth(forwardAuth)
    throw new Error(`there is no policy ${kind}`)
  }

  private createForwardAuth(policy: ForwardAuthPolicy): AtWork {
    const reach = this.reachOf(policy.url, QUIET_MS)
    return { admission: new ForwardAuth({ policy, ask: this.options.ask, reach }) }
  }

  /** What it takes is loaded only when there are tokens to check. */
  private async createTokens(policy: JwtPolicy): Promise<AtWork> {
    const { tokensAtWork } = await import('./token-host.ts')
    return tokensAtWork(policy, { ...this.options, reachOf: (url) => this.reachOf(url, 0) })
  }

  private reachOf(url: string, quietMs: number): Reach {
    const { clock, emit } = this.options
    const service = serviceName(url)
    return new Reach({
      clock,
      quietMs,
      onAway: (detail) => emit({ kind: 'auth-away', service, detail }),
      onBack: () => emit({ kind: 'auth-back', service }),
    })
  }
}

/** undefined: there is no such policy. */
function textOf(kind: Kind, access: AccessPolicy | undefined): string | undefined {
  const policy = access?.[kind]
  return policy && fingerprint([kind, policy])
}
