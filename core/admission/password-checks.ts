/**
 * Checks of passwords, which take long on purpose: a few at a time, in threads, the others in a line of bounded length, few of
 * them for one address. What was found out counts for a while, so that whoever goes on asking waits once; the right ones are
 * remembered apart, so that no flood of wrong ones crowds them out. Neither passwords nor plain hashes of them are kept.
 */
import { randomBytes } from 'node:crypto'
import type { Cancel } from '../clock.ts'
import { type IpValue, siteOf } from '../ip/address.ts'
import { Remembered } from './remembered.ts'

export interface PasswordChecksOptions {
  /** Monotonic ms. */
  readonly now: () => number
  /** How many threads may be at it, 1 and up. */
  readonly atOnce: number
  /** Whether it is the password of that hash; in a thread of its own. */
  readonly verify: (password: Uint8Array, hash: string) => Promise<boolean>
  /** Does `task` as an event of its own; never throws. */
  readonly inEvent: (task: () => void) => void
  readonly reportFault: (error: unknown) => void
}

/** What is to be checked. */
export interface Claim {
  /** Of `markOf`. */
  readonly mark: string
  readonly password: Uint8Array
  readonly hash: string
  /** It is nobody's: the check is made for the time that it takes, and comes to nothing. */
  readonly isDecoy: boolean
  /** Of the client. */
  readonly address: string
}

/** Some 100 bytes each. */
const REMEMBERED = 10_000
const RIGHT_FOR_MS = 10 * 60_000
/** Long enough for a client that tries the same wrong one all the time. */
const WRONG_FOR_MS = 60_000
/** For each thread: at 100 ms each, whoever is last waits for two seconds. */
const MAX_WAITING = 16
const MAX_OF_ONE_SITE = 8

interface Check extends Claim {
  readonly site: IpValue | undefined
  readonly waiters: Set<(isRight: boolean) => void>
}

export class PasswordChecks {
  private readonly options: PasswordChecksOptions
  private readonly hmac = new Bun.CryptoHasher('sha256', randomBytes(32))
  private readonly right = new Remembered<string, true>(REMEMBERED)
  private readonly wrong = new Remembered<string, true>(REMEMBERED)
  /** Under way or waiting, by mark. */
  private readonly checks = new Map<string, Check>()
  private readonly line = new Set<Check>()
  private readonly bySite = new Map<IpValue | undefined, number>()
  private lastSite: IpValue | undefined = undefined
  private running = 0

  constructor(options: PasswordChecksOptions) {
    this.options = options
  }

  /** Of credentials against a hash. Nobody without the key of this process can make one, so comparing them tells nothing. */
  markOf(credentials: Uint8Array, hash: string): string {
    return this.hmac.copy().update(`${hash}\0`).update(credentials).digest('base64url')
  }

  /** Whether they are right, if that is known. */
  known(mark: string, now: number): boolean | undefined {
    if (this.right.get(mark, now)) return true
    return this.wrong.get(mark, now) && false
  }

  /** Who can't be helped now: 'all', there is too much to do; 'site', for this one alone. undefined: `check` may be called. */
  fullFor(mark: string, address: string): 'all' | 'site' | undefined {
    if (this.checks.has(mark)) return undefined
    if ((this.bySite.get(siteOf(address)) ?? 0) >= MAX_OF_ONE_SITE) return 'site'
    return this.line.size >= MAX_WAITING * this.options.atOnce ? 'all' : undefined
  }

  /** Calls `decide` in an event of its own, unless what it returned is called before. */
  check(claim: Claim, decide: (isRight: boolean) => void): Cancel {
    const check = this.checks.get(claim.mark) ?? this.begin(claim)
    const waiter = (isRight: boolean): void => decide(isRight)
    check.waiters.add(waiter)
    return () => {
      check.waiters.delete(waiter)
      if (check.waiters.size === 0 && this.line.delete(check)) this.forget(check)
    }
  }

  private begin(claim: Claim): Check {
    const check = { ...claim, site: siteOf(claim.address), waiters: new Set<(isRight: boolean) => void>() }
    this.checks.set(check.mark, check)
    this.bySite.set(check.site, (this.bySite.get(check.site) ?? 0) + 1)
    this.line.add(check)
    this.next()
    return check
  }

  private next(): void {
    while (this.running < this.options.atOnce && this.line.size > 0) {
      const check = this.firstOfAnother()
      this.line.delete(check)
      this.lastSite = check.site
      this.running += 1
      void this.run(check)
    }
  }

  /** In their order, but for those of the site that was served last: whoever guesses has others wait for one guess only. */
  private firstOfAnother(): Check {
    const [first] = this.line
    for (const check of this.line) if (check.site !== this.lastSite) return check
    return first as Check
  }

  private async run(check: Check): Promise<void> {
    const isRight = await this.verify(check)
    this.running -= 1
    this.forget(check)
    const now = this.options.now()
    if (isRight) this.right.set(check.mark, true, now + RIGHT_FOR_MS)
    else this.wrong.set(check.mark, true, now + WRONG_FOR_MS)
    for (const decide of check.waiters) this.options.inEvent(() => decide(isRight))
    this.next()
  }

  private async verify({ password, hash, isDecoy }: Check): Promise<boolean> {
    try {
      return (await this.options.verify(password, hash)) && !isDecoy
    } catch (error) {
      this.options.reportFault(error)
      return false
    }
  }

  private forget({ mark, site }: Check): void {
    this.checks.delete(mark)
    const left = (this.bySite.get(site) ?? 0) - 1
    if (left > 0) this.bySite.set(site, left)
    else this.bySite.delete(site)
  }
}
