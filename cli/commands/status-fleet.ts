/** `smartedge status --fleet`: the nodes that follow one source, as they say it themselves, once or again and again. */
import { setTimeout as wait } from 'node:timers/promises'
import {
  currentOf,
  nodesOf,
  openToWrite,
  type SourceOptions,
  withSource,
  type Writable,
} from '../client/fleet-source.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { type FleetView, formatFleet, viewNodes } from '../text/fleet-table.ts'
import { clearScreen } from '../text/text.ts'

export interface StatusFleetOptions extends SourceOptions {
  readonly watch?: boolean
}

const watchMs = 1000

/** With `watch` it goes on until the process ends, or the source is away. */
export const statusFleet = (io: Io, { watch = false, ...options }: StatusFleetOptions): Promise<number> =>
  withSource(io, async () => {
    const source = await openToWrite(io, options)
    for (;;) {
      const view = await look(source)
      if (options.json) io.data(`${JSON.stringify(toJson(view), null, watch ? 0 : 2)}\n`)
      else io.stdout((watch && io.isTty ? clearScreen : '') + formatFleet(view, io.color))
      if (!watch) return exitCode.ok
      await wait(watchMs)
    }
  })

async function look(source: Writable): Promise<FleetView> {
  const [current, nodes] = await Promise.all([currentOf(source.store), nodesOf(source)])
  return { source: source.name, offer: current?.offer, nodes, now: Date.now() }
}

function toJson(view: FleetView): unknown {
  const { generation = null, percent = null, at = null, by = null } = view.offer ?? {}
  return { source: view.source, generation, percent, at, by, nodes: viewNodes(view) }
}
