/** What the controller may do to the edge: the runtime and the admin API as one thing, changed together or not at all. */
import type { Applied, EdgeControl } from '../control/edge-control.ts'
import { StartError } from '../errors.ts'
import type { AdminHost } from './admin-host.ts'
import type { Runtime } from './runtime.ts'

export interface EdgeControlOptions {
  readonly runtime: Runtime
  readonly admin: AdminHost
  /** An edge that ends takes no other config: its listeners would open again. */
  readonly isDraining: () => boolean
}

export function createEdgeControl({ runtime, admin, isDraining }: EdgeControlOptions): EdgeControl {
  return {
    get config() {
      return runtime.config
    },
    async apply(config) {
      if (isDraining()) return refuse('', 'the process is ending')
      try {
        const move = await admin.prepare(config.admin)
        const applied = await runtime.apply(config)
        if (applied.kind === 'refused') move.abandon()
        else move.commit()
        return applied
      } catch (error) {
        if (error instanceof StartError) return refuse('admin.address', error.message)
        throw error
      }
    },
    files: () => runtime.files(),
    load: () => runtime.load(),
    recheck: (pool, backend) => runtime.recheck(pool, backend),
  }
}

const refuse = (key: string, message: string): Applied => ({ kind: 'refused', problems: [{ key, message }] })
