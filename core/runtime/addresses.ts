/**
 * Every address that this process listens on, so that one of its parts may take over what another leaves in the same
 * move: the admin API and a listener that change places, a listener that goes from one address to all of them. The one
 * that leaves gives its address up first and takes it back when nothing comes of the move.
 */
import { formatListenAddress, type ListenAddress, type SocketAddress } from '../address.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { isConflicting } from '../config/network.ts'
import { StartError } from '../errors.ts'

/** Who listens. */
export interface Holder {
  /** For messages: `listener "web"`. */
  readonly title: string
  /** Where it really listens; none while it is shut. */
  readonly addresses: readonly SocketAddress[]
  /** Whether it keeps its address under this config. */
  isWantedBy(config: Config): boolean
  /** How many have come to it and are not in yet: to shut it turns them away. */
  countQueued(): number
  /** Nobody else comes to it, for good; to be shut right after. */
  keepOut(): void
  /** Called behind each one that comes in; under load that is when nobody else is waiting. */
  onAccepted: (() => void) | undefined
  /** Its address is free from now on; who has come in stays. */
  shut(): void
  /** Listens again where it did. Throws when the address cannot be had any more. */
  reopen(): void
}

export interface Taken<H extends Holder> {
  readonly holder: H
  /** Shut again; who had to give way is back. */
  readonly abandon: () => void
}

/** Turns of the event loop in which a queue may become empty. */
const MAX_TURNS = 200

export class Addresses {
  private readonly holders = new Set<Holder>()
  private readonly clock: Pick<Clock, 'soon'>
  private readonly reportFault: (error: unknown) => void
  private hasEnded = false

  constructor(clock: Pick<Clock, 'soon'>, reportFault: (error: unknown) => void) {
    this.clock = clock
    this.reportFault = reportFault
  }

  /** Opens what wants `address` under `config`. Rejects with what `open` throws, or when one of ours holds it and stays. */
  async take<H extends Holder>(address: ListenAddress, config: Config, open: () => H): Promise<Taken<H>> {
    // What systemd holds is there for everybody whom it was given to.
    const isTaken = (held: SocketAddress): boolean => address.kind !== 'systemd' && isConflicting(held, address)
    const former = [...this.holders].filter(({ addresses }) => addresses.some(isTaken))
    const staying = former.find((holder) => holder.isWantedBy(config))
    if (staying !== undefined)
      throw new StartError(`${formatListenAddress(address)} is taken by our own ${staying.title}`)
    const giveBack = (): void => {
      for (const holder of former) this.reopen(holder)
    }
    for (const holder of former) await this.shutQuietly(holder)
    try {
      // Asked last: it may have ended while the queues became empty.
      if (this.hasEnded) throw new StartError('the process is ending')
      const holder = open()
      this.holders.add(holder)
      return {
        holder,
        abandon: () => {
          this.release(holder)
          giveBack()
        },
      }
    } catch (error) {
      giveBack()
      throw error
    }
  }

  /** `holder` listens no more, for good. */
  release(holder: Holder): void {
    this.holders.delete(holder)
    holder.shut()
  }

  /** `holder` listens no more, for good, as soon as nobody stands in its queue. */
  releaseQuietly(holder: Holder): void {
    this.whenQuiet(holder, () => this.release(holder))
  }

  /** Everything is shut as soon as nobody stands in its queue, and nothing is opened again; then calls `done`. */
  endQuietly(done: () => void): void {
    this.hasEnded = true
    let left = this.holders.size
    if (left === 0) done()
    for (const holder of this.holders) {
      this.whenQuiet(holder, () => {
        holder.shut()
        left -= 1
        if (left === 0) done()
      })
    }
  }

  /** Everything is shut at once, and nothing is opened again. */
  end(): void {
    this.hasEnded = true
    for (const holder of this.holders) holder.shut()
  }

  private shutQuietly(holder: Holder): Promise<void> {
    return new Promise((resolve) => {
      this.whenQuiet(holder, () => {
        holder.shut()
        resolve()
      })
    })
  }

  /** Acts when a look has shown nobody, everybody is kept out, and who has slipped in between is in. */
  private whenQuiet(holder: Holder, act: () => void): void {
    let isWaiting = true
    let isClosed = false
    const look = (mayWait: boolean): void => {
      if (!isWaiting || (mayWait && holder.countQueued() > 0)) return
      if (!isClosed) {
        isClosed = true
        holder.keepOut()
        if (mayWait && holder.countQueued() > 0) return
      }
      isWaiting = false
      holder.onAccepted = undefined
      act()
    }
    const lookEachTurn = (turns: number): void => {
      look(turns < MAX_TURNS)
      if (isWaiting) this.clock.soon(() => lookEachTurn(turns + 1))
    }
    holder.onAccepted = () => look(true)
    lookEachTurn(0)
  }

  /** Somebody else may have been quicker: nothing can be done about that but to say so. */
  private reopen(holder: Holder): void {
    if (this.hasEnded || !this.holders.has(holder)) return
    try {
      holder.reopen()
    } catch (error) {
      this.reportFault(error)
    }
  }
}
