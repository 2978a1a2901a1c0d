/**
 * Sessions by what the application itself sends: a cookie that it sets, or a field of its responses. Which backend sent
 * which value is remembered for `ttl` after its last use, of those used last as many as there is room for. Only what a
 * backend has sent is ever remembered, so that nobody fills the table with values that he has made up; of each a keyed hash
 * alone is kept (xxHash32, twice; two sessions share one entry of a million about once in 40 million tables).
 */
import type { Backend } from '../backend/backend.ts'
import type { Clock } from '../clock.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { findCookie, pairNamed } from '../http1/pairs.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { StickyCounters } from '../observe/counters.ts'
import { drawIndex, type Random } from '../random.ts'
import { NumberedBackends } from './numbered.ts'
import type { LearnPolicy } from './policy.ts'
import { SessionTable } from './session-table.ts'
import type { Session, Sticky } from './sticky.ts'

/** Longer values are no session's: to hash them would cost more than the rest of a request. */
const maxValueBytes = 4096

const SET_COOKIE = Buffer.from('set-cookie')

export interface LearnedStickyOptions {
  readonly policy: LearnPolicy
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly counters: StickyCounters
}

/** Where a value stands in a head: bytes[from..to). */
type Visit<Found> = (bytes: Buffer, from: number, to: number) => Found | undefined

export class LearnedSticky implements Sticky {
  readonly hiddenCookie = undefined
  policy: LearnPolicy
  private readonly name: Buffer
  private readonly clock: Pick<Clock, 'now'>
  private readonly counters: StickyCounters
  /** Of this table alone, so that nobody can aim at an entry. */
  private readonly seeds: readonly [high: number, low: number]
  private readonly numbered = new NumberedBackends()
  private table: SessionTable
  private readonly known: Visit<LearnedSession>

  /** Without backends: `update` brings them. */
  constructor({ policy, clock, random, counters }: LearnedStickyOptions) {
    this.policy = policy
    this.name = Buffer.from(policy.from.name.toLowerCase(), 'latin1')
    this.clock = clock
    this.counters = counters
    this.seeds = [drawIndex(random, 2 ** 32), drawIndex(random, 2 ** 32)]
    this.table = new SessionTable(policy.maxBytes)
    this.known = (bytes, from, to) => this.find(bytes, from, to)
  }

  /** Sessions remembered, those included whose time is over and whose room nobody has needed yet. */
  get sessions(): number {
    return this.table.size
  }

  /** The pool's backends now, and how long and how much is remembered: of the same cookie or field. */
  update(policy: LearnPolicy, backends: readonly Backend[]): void {
    if (policy.maxBytes !== this.policy.maxBytes) {
      const table = new SessionTable(policy.maxBytes)
      table.takeOver(this.table)
      this.table = table
    }
    this.policy = policy
    this.numbered.update(backends, this.clock.now(), policy.ttlMs)
  }

  sessionOf(head: RequestHead): Session {
    return this.sessionIn(head.fields) ?? new LearnedSession(this, undefined, undefined)
  }

  /** The session that was known as `key` is answered by `backend`; undefined: it was not known. */
  settle({ backend: before, key }: LearnedSession, backend: Backend, head: ResponseHead): void {
    const { counters } = this
    if (key === undefined) counters.misses += 1
    else if (before === backend) counters.hits += 1
    else counters.moved += 1
    const number = this.numbered.numberOf(backend)
    if (number === 0) return
    const now = this.clock.now()
    if (key !== undefined) this.table.set(key.high, key.low, number, now)
    this.forEachSent(head.fields, (bytes, from, to) => {
      if (!isValue(from, to)) return
      const { high, low } = this.keyOf(bytes, from, to)
      this.table.set(high, low, number, now)
    })
  }

  private sessionIn(fields: FieldSection): LearnedSession | undefined {
    const { kind, name } = this.policy.from
    if (kind === 'cookie') return findCookie(fields, name, this.known)
    const line = fields.lineNamed(this.name, 0)
    return line < 0 ? undefined : this.find(fields.bytes, fields.valueStart(line), fields.valueEnd(line))
  }

  /** undefined: nothing is remembered of that value. */
  private find(bytes: Buffer, from: number, to: number): LearnedSession | undefined {
    if (!isValue(from, to)) return undefined
    const key = this.keyOf(bytes, from, to)
    const number = this.table.get(key.high, key.low, this.clock.now() - this.policy.ttlMs)
    return number === 0 ? undefined : new LearnedSession(this, this.numbered.backendOf(number), key)
  }

  /** Each value that a response sends: an application may end one session and begin another. */
  private forEachSent(fields: FieldSection, visit: Visit<void>): void {
    const { kind, name } = this.policy.from
    const field = kind === 'cookie' ? SET_COOKIE : this.name
    for (let line = fields.lineNamed(field, 0); line >= 0; line = fields.lineNamed(field, line + 1)) {
      const [start, end] = [fields.valueStart(line), fields.valueEnd(line)]
      if (kind === 'header') {
        visit(fields.bytes, start, end)
        continue
      }
      // What follows the first pair are attributes (RFC 6265 4.1.1).
      const pair = pairNamed(fields.bytes, start, end, name)
      if (pair?.start === start) visit(fields.bytes, pair.from, pair.to)
    }
  }

  private keyOf(bytes: Buffer, from: number, to: number): SessionKey {
    const value = bytes.subarray(from, to)
    const [high, low] = this.seeds
    return { high: Bun.hash.xxHash32(value, high), low: Bun.hash.xxHash32(value, low) }
  }
}

/** 32 bits each. */
interface SessionKey {
  readonly high: number
  readonly low: number
}

class LearnedSession implements Session {
  readonly backend: Backend | undefined
  /** undefined: it is new, or forgotten. */
  readonly key: SessionKey | undefined
  private readonly sticky: LearnedSticky

  constructor(sticky: LearnedSticky, backend: Backend | undefined, key: SessionKey | undefined) {
    this.sticky = sticky
    this.backend = backend
    this.key = key
  }

  settle(backend: Backend, head: ResponseHead): void {
    this.sticky.settle(this, backend, head)
  }
}

/** A cookie that is being deleted is empty. */
const isValue = (from: number, to: number): boolean => to > from && to - from <= maxValueBytes
