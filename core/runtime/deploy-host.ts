/** The deploys of an edge that has files: over its pools at work, with what they remember beside other state of its user. */
import type { ConfigFiles, Controller } from '../control/contract.ts'
import { Deploys } from '../deploy/deploys.ts'
import type { Ground } from './ground.ts'
import { ownState } from './own-state.ts'
import type { Pools } from './pools.ts'

export interface DeployHostOptions extends Pick<Ground, 'clock' | 'emit' | 'published'> {
  readonly pools: Pools
  readonly controller: Controller
  readonly files: ConfigFiles
}

export const createDeploys = ({ pools, controller, files, published, clock, emit }: DeployHostOptions): Deploys =>
  new Deploys({
    clock,
    emit,
    controller,
    pool: (name) => pools.running.get(name),
    drainMs: () => published.config.drainTimeoutMs,
    store: ownState({ name: 'deploys', config: files.place.path, env: files.env, emit }),
  })
