/** Pipes for large bodies: counted in the descriptor budget, lent out while a body passes, and kept for the next one. */
import type { DescriptorBudget } from './budget.ts'
import { Pipe, type PipeHome } from './pipe.ts'
import type { Transport } from './transport.ts'

/** At once: what slow clients have not taken yet lies in them, up to 1 MiB each, in memory of the kernel. */
const MAX_PIPES = 64

export class Pipes implements PipeHome {
  private readonly transport: Transport
  private readonly budget: DescriptorBudget
  private size = 0
  private isClosed = false

  constructor(transport: Transport, budget: DescriptorBudget) {
    this.transport = transport
    this.budget = budget
  }

  /** undefined: there is none to be had, and bytes go the long way. */
  take(): Pipe | undefined {
    const idle = this.budget.idlePipes.first?.owner
    if (idle instanceof Pipe) {
      idle.place.leave()
      return idle.lend()
    }
    return this.transport.openPipe === undefined || this.size >= MAX_PIPES ? undefined : this.open()
  }

  keep(pipe: Pipe): void {
    if (this.isClosed) pipe.discard()
    else this.budget.idlePipes.append(pipe.place)
  }

  /** None is kept any more; one in use is closed when its body is over. */
  close(): void {
    this.isClosed = true
    const { idlePipes } = this.budget
    for (let idle = idlePipes.first; idle !== undefined; idle = idlePipes.first) idle.owner.discard()
  }

  onClosed(): void {
    this.size -= 1
    this.budget.give()
    this.budget.give()
  }

  private open(): Pipe | undefined {
    if (!this.budget.takeQuietly(2)) return undefined
    const opened = this.transport.openPipe?.()
    if (opened === undefined) {
      this.budget.give()
      this.budget.give()
      return undefined
    }
    this.size += 1
    return new Pipe(opened, this)
  }
}
