/** The system's calls, of which some fail as a test says: what the kernel does on a bad day. */
import { constants } from 'node:os'
import { type Calls, loadCalls } from '../../core/net/epoll/calls.ts'
import { fail } from './fail.ts'

export type CallName = keyof Calls['call']

export interface Fault {
  /** What it fails with; absent: it does not fail. */
  readonly code?: keyof typeof constants.errno
  /** Whether it is made all the same. */
  readonly isMade?: boolean
  /** Of what it is given the third argument is no more than this: a length. */
  readonly atMost?: number
  /** Which calls; absent: all. */
  readonly where?: (...args: number[]) => boolean
}

export interface FaultyCalls {
  readonly calls: Calls
  /** How often each was made, failing or not. */
  readonly made: Readonly<Record<CallName, number>>
  /** Applies to the next `times` calls of `name` in place of what was said before. */
  readonly next: (name: CallName, times: number, fault: Fault) => void
  /** Hears of each call of `name` from now on. */
  readonly watch: (name: CallName, onCall: (result: number, args: readonly number[]) => void) => void
}

export function faultyCalls(): FaultyCalls {
  const real = loadCalls() ?? fail(new Error('no libc'))
  const faults = new Map<string, { readonly fault: Fault; left: number }>()
  const watchers = new Map<string, (result: number, args: readonly number[]) => void>()
  const made: Record<string, number> = {}
  let failure: number | undefined
  const call: Record<string, (...args: number[]) => number> = {}
  for (const [name, make] of Object.entries(real.call)) {
    made[name] = 0
    call[name] = (...args) => {
      const planned = faults.get(name)
      const isHit = planned !== undefined && planned.left > 0 && (planned.fault.where?.(...args) ?? true)
      made[name] = (made[name] ?? 0) + 1
      failure = undefined
      if (!isHit) {
        const result = make(...args)
        watchers.get(name)?.(result, args)
        return result
      }
      planned.left -= 1
      const { code, isMade = code === undefined, atMost = Infinity } = planned.fault
      const result = isMade ? make(...args.map((value, index) => (index === 2 ? Math.min(value, atMost) : value))) : -1
      failure = code && constants.errno[code]
      return failure === undefined ? result : -1
    }
  }
  return {
    calls: { ...real, call: call as Calls['call'], errno: () => failure ?? real.errno() },
    made: made as Record<CallName, number>,
    next: (name, times, fault) => void faults.set(name, { fault, left: times }),
    watch: (name, onCall) => void watchers.set(name, onCall),
  }
}
