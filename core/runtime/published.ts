/** What is in force: the config, and the snapshot of it that requests are served by. Replaced by one assignment. */
import type { Config } from '../config/config.ts'
import type { World } from '../exchange/world.ts'
import type { Move, Part } from '../part.ts'

/** Makes the snapshot of a config once the parts that it is made of have committed. `previous`: the one in force until now. */
export type MakeWorld = (config: Config, previous: World | undefined) => World

export class Published {
  private inForce: { readonly config: Config; readonly world: World } | undefined = undefined

  /** Throws before the first config is in force; nobody is let in by then. */
  get world(): World {
    return this.required().world
  }

  /** As `world`. */
  get config(): Config {
    return this.required().config
  }

  /** Whether `config` is the one in force, in content. */
  isInForce(config: Config): boolean {
    return this.inForce !== undefined && Bun.deepEquals(config, this.inForce.config)
  }

  /** The part that publishes; it stands behind those that `makeWorld` looks at. */
  part(makeWorld: MakeWorld): Part<Config> {
    return {
      prepare: async (config): Promise<Move> => ({
        isNews: !this.isInForce(config),
        commit: () => {
          this.inForce = { config, world: makeWorld(config, this.inForce?.world) }
        },
        abandon: () => undefined,
      }),
    }
  }

  private required() {
    if (this.inForce === undefined) throw new Error('no config has been applied yet')
    return this.inForce
  }
}
