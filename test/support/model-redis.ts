/** Redis as far as limits need it, on a virtual clock: what its scripts do, told again in another language, and what can go wrong. */
import type { Clock } from '../../core/clock.ts'
import type { DialRedis, RedisLink } from '../../core/limits/redis.ts'
import { JOIN, TAKE } from '../../core/limits/redis-scripts.ts'

interface Line {
  readonly onLost: () => void
  readonly waiting: Set<(error: Error) => void>
}

export class ModelRedis {
  /** Whether it can be connected to. */
  isUp = true
  /** Whether it takes everything and answers nothing. */
  isSilent = false
  /** What it has against every write. */
  refusal: string | undefined = undefined
  /** Of an answer. */
  latencyMs = 1
  /** What it says instead of what it should. */
  answer: unknown = undefined
  readonly commands: string[] = []
  /** When somebody tried to connect. */
  readonly attempts: number[] = []
  private readonly clock: Clock
  private readonly lines = new Set<Line>()
  private readonly buckets = new Map<string, { readonly lack: number; readonly since: number }>()
  private readonly members = new Map<string, number>()
  private seed: string | undefined = undefined

  constructor(clock: Clock) {
    this.clock = clock
  }

  readonly dial: DialRedis = (_, onLost) => {
    const line: Line = { onLost, waiting: new Set() }
    const link: RedisLink = {
      open: async () => {
        this.attempts.push(this.clock.now())
        if (!this.isUp) throw new Error('it cannot be reached, or does not take the password')
        this.lines.add(line)
        await this.answered(line, () => undefined)
      },
      send: (command, args) => this.answered(line, () => this.run(command, args)),
      close: () => this.cut(line),
    }
    return link
  }

  /** As a machine kills it. What it knew is there when it comes back, or is not. */
  kill({ forgets = false } = {}): void {
    this.isUp = false
    if (forgets) {
      this.buckets.clear()
      this.members.clear()
      this.seed = undefined
    }
    for (const line of this.lines) {
      this.cut(line)
      line.onLost()
    }
  }

  /** Tokens that each bucket lacks, as it was last written. */
  get lacks(): number[] {
    return [...this.buckets.values()].map(({ lack }) => lack)
  }

  /** Of the only one. */
  get lack(): number {
    return this.lacks[0] ?? 0
  }

  private cut(line: Line): void {
    this.lines.delete(line)
    for (const reject of line.waiting) reject(new Error('Connection closed'))
    line.waiting.clear()
  }

  private answered(line: Line, make: () => unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    if (!this.lines.has(line)) return Promise.reject(new Error('Connection has failed'))
    line.waiting.add(reject)
    this.clock.after(this.latencyMs / 2, () => {
      if (this.isSilent || !line.waiting.has(reject)) return
      // What has come this far has been done, whether the answer arrives or not.
      const outcome = this.outcomeOf(make)
      this.clock.after(this.latencyMs / 2, () => {
        if (!line.waiting.delete(reject)) return
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      })
    })
    return promise
  }

  private outcomeOf(make: () => unknown): unknown {
    return this.refusal === undefined ? make() : new Error(this.refusal)
  }

  private run(command: string, args: readonly string[]): unknown {
    this.commands.push(command)
    if (command === 'SCRIPT') return args[1]
    const [script, count = '0', ...rest] = args
    const keys = rest.slice(0, Number(count))
    const values = rest.slice(keys.length)
    if (this.answer !== undefined) return this.answer
    if (script === TAKE) return this.take(keys, values.map(Number))
    return script === JOIN ? this.join(values) : new Error('NOSCRIPT No matching script. Please use EVAL.')
  }

  take(keys: readonly string[], numbers: readonly number[]): number[] {
    const now = this.clock.now()
    return keys.flatMap((key, index) => {
      const [perMs = 0, burst = 0, wanted = 0, returned = 0, lacking = 0] = numbers.slice(5 * index)
      const { lack: before, since } = this.buckets.get(key) ?? { lack: 0, since: now }
      const lack = Math.min(burst, Math.max(0, lacking, Math.max(0, before - (now - since) * perMs) - returned))
      const granted = Math.max(0, Math.min(wanted, Math.floor(burst - lack + 1e-6)))
      this.buckets.set(key, { lack: lack + granted, since: now })
      return [granted, Math.floor((burst - lack - granted) * 1000)]
    })
  }

  private join([name = '', seed = '', countsMs, hereMs]: readonly string[]): unknown {
    const now = this.clock.now()
    this.members.set(name, now)
    for (const [member, at] of this.members) if (at <= now - Number(countsMs)) this.members.delete(member)
    this.seed ??= seed
    const here = [...this.members.values()].filter((at) => at >= now - Number(hereMs))
    return [this.members.size, here.length, this.seed]
  }
}
