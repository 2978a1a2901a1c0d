/**
 * Who asks auth services and checks tokens, as a part: whatever outlives a snapshot (key sets, what is remembered) belongs to
 * the policy's own text, and stays for as long as a route has that policy.
 */
import { randomBytes } from 'node:crypto'
import type { Admission } from '../admission/admission.ts'
import type { ForwardAuthPolicy, JwtPolicy } from '../admission/auth-policy.ts'
import { ForwardAuth } from '../admission/forward-auth.ts'
import { TokenAdmission } from '../admission/jwt.ts'
import { fixedKeys, type Keys, KeySet } from '../admission/key-set.ts'
import type { AccessPolicy } from '../admission/policy.ts'
import { Reach, serviceName } from '../admission/reach.ts'
import type { Clock } from '../clock.ts'
import type { Config, RouteConfig } from '../config/config.ts'
import type { Ask } from '../net/ask.ts'
import { inEvent, type ReportFault } from '../net/event.ts'
import type { Emit } from '../observe/events.ts'
import { type Move, NO_MOVE, type Part, prepareAll, type Step, together } from '../part.ts'
import { fingerprint } from '../secrets.ts'
import { KeyFile } from './key-file.ts'

export interface AuthHostOptions {
  readonly ask: Ask
  readonly clock: Clock
  readonly emit: Emit
  readonly reportFault: ReportFault
}

/** A policy at work. */
interface AtWork {
  readonly admission: Admission
  /** Of what the config does not show; `key`: what the config calls the policy. */
  prepare?(key: string): Move
  start?(): void
  stop?(): void
}

/** An auth service is asked with every request, and may fail with every other. */
const QUIET_MS = 5000

/** In the order in which they are asked. */
const KINDS = ['jwt', 'forwardAuth'] as const satisfies readonly (keyof AccessPolicy)[]

export class AuthHost implements Part<Config> {
  private readonly options: AuthHostOptions
  /** By the policy's own text. */
  private atWork: ReadonlyMap<string, AtWork> = new Map()
  private readonly seeds: readonly [bigint, bigint]

  constructor(options: AuthHostOptions) {
    const bits = randomBytes(16)
    this.options = options
    this.seeds = [bits.readBigUInt64LE(0), bits.readBigUInt64LE(8)]
  }

  /** Of several routes with one policy the first is named. */
  async prepare({ routes }: Config): Promise<Move> {
    const next = new Map<string, AtWork>()
    const steps: Step[] = []
    for (const [index, { access }] of routes.entries()) {
      for (const kind of KINDS) {
        const text = textOf(kind, access)
        if (access === undefined || text === undefined || next.has(text)) continue
        const one = this.atWork.get(text) ?? this.create(kind, access)
        next.set(text, one)
        const key = `routes[${index}].access.${kind}`
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

  private create(kind: (typeof KINDS)[number], { jwt, forwardAuth }: AccessPolicy): AtWork {
    if (kind === 'jwt' && jwt !== undefined) return this.createToken(jwt)
    if (forwardAuth !== undefined) return this.createForwardAuth(forwardAuth)
    throw new Error(`there is no policy ${kind}`)
  }

  private createForwardAuth(policy: ForwardAuthPolicy): AtWork {
    const reach = this.reachOf(policy.url, QUIET_MS)
    return { admission: new ForwardAuth({ policy, ask: this.options.ask, reach }) }
  }

  private reachOf(url: string, quietMs: number): Reach {
    return new Reach({ ...this.options, service: serviceName(url), quietMs })
  }

  private createToken(policy: JwtPolicy): AtWork {
    const { clock, reportFault } = this.options
    const { keys, ...rest } = this.createKeys(policy.keys, () => admission.forget())
    const admission = new TokenAdmission({
      policy,
      keys,
      clock,
      seeds: this.seeds,
      inEvent: (task) => inEvent(reportFault, task),
    })
    return { admission, ...rest }
  }

  private createKeys(
    source: JwtPolicy['keys'],
    onChange: () => void,
  ): Omit<AtWork, 'admission'> & { readonly keys: Keys } {
    const { ask, clock } = this.options
    switch (source.kind) {
      case 'secret':
        return { keys: fixedKeys(Buffer.from(source.secret.reveal())) }
      case 'file': {
        const keys = new KeyFile(source.path, onChange)
        return { keys, prepare: (key) => keys.prepare(`${key}.jwksFile`) }
      }
      case 'url': {
        const { url, refreshMs } = source
        const keys = new KeySet({ url, refreshMs, ask, clock, onChange, reach: this.reachOf(url, 0) })
        return { keys, start: () => keys.start(), stop: () => keys.stop() }
      }
    }
  }
}

/** undefined: there is no such policy. */
function textOf(kind: (typeof KINDS)[number], access: AccessPolicy | undefined): string | undefined {
  const policy = access?.[kind]
  return policy && fingerprint([kind, policy])
}
