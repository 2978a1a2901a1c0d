/** Edits that come at once are made together, in the order they came: a thousand of them are a few writes. */
import type { EditResult, PoolEdit } from './contract.ts'
import type { BatchResult, Made } from './edit-batch.ts'
import type { Queue } from './queue.ts'

export interface Ticket {
  readonly edit: PoolEdit
  readonly origin: string
}

export interface EditsOptions {
  readonly queue: Queue
  /** Makes several edits of one pool, or none. */
  readonly make: (edits: readonly [PoolEdit, ...PoolEdit[]]) => Promise<BatchResult>
  /** Those that were made; returns what to answer. */
  readonly onMade: (made: Made, tickets: readonly Ticket[]) => EditResult & { kind: 'done' }
  /** Told of every edit, with its outcome. */
  readonly onSettled: (ticket: Ticket, result: EditResult) => void
}

/** Few writes for many edits, and none of them waits long for the others. */
const maxBatch = 32
/** Somebody who saves the file again and again loses no race; the edit does. */
const maxRetries = 5

/** Resolves each edit when it is in force and on disk, or refused. */
export function createEdits(options: EditsOptions): (ticket: Ticket) => Promise<EditResult> {
  const { queue, make, onMade, onSettled } = options
  let waiting: (Ticket & { resolve(result: EditResult): void })[] = []
  type Waiting = (typeof waiting)[number]
  type Batch = readonly [Waiting, ...Waiting[]]

  const settle = (ticket: Waiting, result: EditResult): void => {
    onSettled(ticket, result)
    ticket.resolve(result)
  }

  async function runBatch(batch: Batch, retries = 0): Promise<void> {
    const [first, ...others] = batch
    const result = await make([first.edit, ...others.map((ticket) => ticket.edit)]).catch(faultOf)
    if (result.kind === 'made') return settleMade(batch, result)
    if (result.kind === 'overtaken' && retries < maxRetries) return await runBatch(batch, retries + 1)
    if (others.length > 0) {
      // One of them spoils it for all: each by itself.
      for (const ticket of batch) await runBatch([ticket])
      return
    }
    settle(first, result.kind === 'refused' ? result.refusal : busy)
  }

  function settleMade(batch: Batch, made: Made): void {
    const done = onMade(
      made,
      batch.filter((_, index) => made.outcomes[index] === undefined),
    )
    for (const [index, ticket] of batch.entries()) settle(ticket, made.outcomes[index] ?? done)
  }

  /** The oldest one and what can be made together with it. */
  function takeBatch(): Batch | undefined {
    const [first] = waiting
    if (first === undefined) return undefined
    const fits = ({ edit }: Ticket): boolean =>
      edit.pool === first.edit.pool && isStrategy(edit) === isStrategy(first.edit) && edit.ifMatch === undefined
    const batch = first.edit.ifMatch === undefined ? waiting.filter(fits).slice(0, maxBatch) : []
    const taken = new Set([first, ...batch])
    waiting = waiting.filter((ticket) => !taken.has(ticket))
    return [first, ...[...taken].slice(1)]
  }

  return (ticket) =>
    new Promise<EditResult>((resolve) => {
      waiting.push({ ...ticket, resolve })
      void queue(async () => {
        const batch = takeBatch()
        if (batch !== undefined) await runBatch(batch)
      })
    })
}

/** A bug of ours: nobody is to wait for ever. */
const faultOf = (error: unknown): BatchResult => ({
  kind: 'refused',
  refusal: { kind: 'fault', detail: error instanceof Error ? error.message : String(error) },
})

const busy = {
  kind: 'conflict',
  detail: 'The file is being changed all the time; try again.',
  problems: [],
} as const satisfies EditResult

const isStrategy = (edit: PoolEdit): boolean => edit.kind === 'strategy'
