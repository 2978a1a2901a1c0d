/** The composition root: config, clock and chance -> a running edge. The only file that sees every part. */
import type { SocketAddress } from './address.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config/config.ts'
import type { ConfigFiles, Controller } from './control/contract.ts'
import { createController } from './control/controller.ts'
import type { EdgeControl } from './control/edge-control.ts'
import { createHandler } from './exchange/handle.ts'
import { requestIds } from './forward/request-id.ts'
import type { Services } from './exchange/world.ts'
import { StartError } from './errors.ts'
import { MAX_FIELDS } from './http1/limits.ts'
import { RequestHead } from './http1/request-head.ts'
import { ResponseHead } from './http1/response-head.ts'
import { defaultMaxConnections, readDescriptorLimit } from './descriptors.ts'
import { TimerWheel } from './net/timer-wheel.ts'
import { createEdgeCounters } from './observe/counters.ts'
import { createEventLog } from './observe/event-log.ts'
import type { Emit } from './observe/events.ts'
import { startLatencyWindow } from './observe/histogram.ts'
import type { StatusSnapshot } from './report/snapshot.ts'
import { type Random, systemRandom } from './random.ts'
import { createAdminHost } from './runtime/admin-host.ts'
import { createEdgeControl } from './runtime/control.ts'
import { createLife } from './runtime/life.ts'
import { Runtime } from './runtime/runtime.ts'
import { createAdminSource } from './runtime/edge-view.ts'

export interface EdgeOptions {
  readonly config: Config
  readonly emit: Emit
  /** Where the config came from; absent: from nowhere, and nothing can be reloaded. */
  readonly files?: ConfigFiles
  readonly clock?: Clock
  readonly random?: Random
}

export interface Edge {
  /** Where the listeners really listen. */
  readonly addresses: readonly { readonly listener: string; readonly address: SocketAddress }[]
  /** Where the admin API listens; undefined: there is none. */
  readonly adminAddress: SocketAddress | undefined
  status(): StatusSnapshot
  /** For whoever changes what it does while it runs. */
  readonly control: EdgeControl
  /** Reloads, plans and edits; undefined without files. */
  readonly controller: Controller | undefined
  /** Accepts no more, finishes what is under way within `shutdownTimeoutMs`, cuts the rest; resolves to how many were cut. */
  drain(): Promise<{ readonly cut: number }>
  /** Ends at once. */
  kill(): void
}

/** Rejects with StartError, a line or more for the person who started it; nothing is left running then. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const { config, files, clock = systemClock, random = systemRandom } = options
  const log = createEventLog(clock, options.emit)
  const { emit } = log
  const counters = createEdgeCounters()
  const latency = startLatencyWindow(clock)
  const reportFault = (error: unknown): void => emit({ kind: 'fault', detail: describe(error) })
  const wheel = new TimerWheel(clock, reportFault)
  const life = createLife(clock, () => counters.connectionsOpen === 0)
  const isDraining = (): boolean => life.phase === 'draining'
  let controller: Controller | undefined

  const services: Services = {
    clock,
    random,
    counters,
    head: new RequestHead(MAX_FIELDS),
    writeRequestId: requestIds(random),
    isDraining,
  }
  const handler = createHandler({ services, world: () => runtime.world, wheel })
  const descriptorLimit = readDescriptorLimit()
  const runtime = new Runtime({
    clock,
    random,
    emit,
    wheel,
    head: new ResponseHead(MAX_FIELDS),
    window: latency.window,
    reportFault,
    listening: {
      handler,
      counters,
      maxConnections: () => runtime.world.limits.maxConnections ?? defaultMaxConnections(descriptorLimit),
      onClosed: () => life.clientGone(),
    },
  })
  const source = createAdminSource({
    runtime,
    counters,
    clock,
    phase: () => life.phase,
    log,
    controller: () => controller,
  })
  const admin = createAdminHost(source, emit, clock)
  const control = createEdgeControl({ runtime, admin, isDraining })

  const kill = (): void => {
    controller?.stop()
    runtime.stop()
    latency.stop()
    admin.stop()
  }
  const finish = async (): Promise<{ readonly cut: number }> => {
    controller?.stop()
    const drained = life.end(runtime.config.shutdownTimeoutMs)
    runtime.stopAccepting()
    await drained
    const cut = counters.connectionsOpen
    kill()
    return { cut }
  }

  let finished: Promise<{ readonly cut: number }> | undefined
  const drain = (): Promise<{ readonly cut: number }> => (finished ??= finish())

  try {
    const applied = await runtime.apply(config)
    if (applied.kind === 'refused') throw new StartError(applied.problems.map(explain).join('\n'))
    const move = await admin.prepare(config.admin)
    move.commit()
    controller = files && createController({ edge: control, files, emit, clock })
  } catch (error) {
    kill()
    throw error
  }
  life.begin()
  return {
    get addresses() {
      return runtime.runningListeners.map(({ listener: { name, address } }) => ({ listener: name, address }))
    },
    get adminAddress() {
      return admin.address
    },
    status: () => source.status(),
    control,
    controller,
    drain,
    kill,
  }
}

const explain = ({ key, message }: { key: string; message: string }): string =>
  message.startsWith('listener') ? message : `${key}: ${message}`

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
