/** Deploys on real files under control, with a pool whose members are as well as the test says, on a virtual clock. */
import type { AttemptObserver } from '../../core/balance/attempt.ts'
import type { Member } from '../../core/backend/member.ts'
import type { DeployBackend, DeployPool } from '../../core/deploy/contract.ts'
import { Deploys } from '../../core/deploy/deploys.ts'
import type { EdgeEvent } from '../../core/observe/events.ts'
import type { Outcome } from '../../core/strategy/strategy.ts'
import { type Controlled, controlled } from './controlled.ts'
import { makeBackend } from './make-backend.ts'
import { turnUntil } from './raw-peer.ts'
import { virtualClock, type VirtualClock } from './virtual-clock.ts'

export interface DeployRig extends Controlled {
  readonly clock: VirtualClock
  readonly deploys: Deploys
  /** What is told of deploys, in order. */
  readonly told: (EdgeEvent & { readonly kind: 'deploy' })[]
  /** Every check from now on says so of that member; `health`: what it comes to, where it takes more than one. */
  check(id: string, passed: boolean, detail?: string, health?: string): void
  /** Requests under way at members that have left. */
  leftOver: number
  /** The pool is configured no more. */
  isGone: boolean
  /** The guests of the pool now. */
  guests(): readonly Member[]
  /** So many attempts at a member end, if anybody listens. */
  answer(id: string, count: number, outcome: Outcome): void
  /** Moves the clock until the newest deploy is in that phase. */
  until(phase: string): Promise<void>
  /** What is kept over restarts. */
  kept: string | undefined
  /** Another process takes the files and what is kept. */
  restart(): Deploys
}

export const deployFiles = {
  'edge.json':
    '{ "pools": { "web": { "backends": { "file": "m.json" }, "health": {} }, "bare": { "backends": [] } }, "routes": [{ "pool": "web" }] }',
  'm.json': `{
  "backends": [
    // Ours.
    "http://a:80",
    { "url": "http://b:80", "weight": 2 }
  ]
}
`,
}

export async function deployRig(files: Readonly<Record<string, string>> = deployFiles): Promise<DeployRig> {
  const one = await controlled(files)
  const clock = virtualClock(1000)
  const told: DeployRig['told'] = []
  const checks = new Map<string, { passed: boolean; detail: string; health: string }>()
  let guests: readonly Member[] = []
  let observer: AttemptObserver | undefined
  const configOf = (name: string) => one.edge.config.pools.find((pool) => pool.name === name)
  const backendOf = (id: string): DeployBackend => {
    const lastCheck = checks.get(id)
    const health = lastCheck?.health ?? 'unchecked'
    const holds = lastCheck?.passed === false ? [{ by: 'checks', why: lastCheck.detail }] : []
    const { weight = 1, isDraining = false } = configOf('web')?.members.find((member) => member.id === id) ?? {}
    const isOut = isDraining || health === 'unhealthy'
    return { id, standing: { health, holds, usable: !isOut }, lastCheck, weight, use: 'used' }
  }
  const poolOf = (name: string): DeployPool | undefined => {
    const config = configOf(name)
    if (config === undefined || rig.isGone) return undefined
    const named = new Set(config.members.map(({ id }) => id))
    return {
      config,
      get backends() {
        return [...config.members, ...guests.filter(({ id }) => !named.has(id))].map(({ id }) => backendOf(id))
      },
      invite(invited, listener) {
        guests = invited
        observer = listener
      },
      leftOver: () => rig.leftOver,
    }
  }
  const create = (): Deploys =>
    new Deploys({
      clock,
      emit: (event) => void (event.kind === 'deploy' && told.push(event)),
      controller: one.controller,
      pool: poolOf,
      drainMs: () => 30_000,
      store: { read: () => rig.kept, write: (text) => void (rig.kept = text) },
    })
  const rig: DeployRig = {
    ...one,
    clock,
    told,
    kept: undefined,
    leftOver: 0,
    isGone: false,
    deploys: undefined as unknown as Deploys,
    check(id, passed, detail = passed ? '200 OK' : 'refused', health = passed ? 'healthy' : 'unhealthy') {
      checks.set(id, { passed, detail, health })
    },
    guests: () => guests,
    answer(id, count, outcome) {
      const backend = makeBackend(1, { id })
      for (let left = count; left > 0; left -= 1) observer?.onEnd?.(backend, outcome, clock.now(), {} as never)
    },
    async until(phase) {
      await turnUntil(
        () => {
          if (told.at(-1)?.phase === phase) return true
          clock.advance(50)
          return false
        },
        `${phase} after ${told.map((event) => event.phase).join()}`,
      )
    },
    restart() {
      guests = []
      observer = undefined
      return create()
    },
  }
  return Object.assign(rig, { deploys: create() })
}
