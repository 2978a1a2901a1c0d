/** Where clients are, as a part: the locator of the config in force, and the next one tried before it counts. */
import type { Config } from '../config/config.ts'
import type { Geo } from '../exchange/world.ts'
import { createLocator } from '../geo/locate.ts'
import type { GeoPolicy } from '../geo/policy.ts'
import { asRefusal, type Move, NO_MOVE, type Part } from '../part.ts'

export class GeoHost implements Part<Config> {
  private policy: GeoPolicy | undefined = undefined
  private geo: Geo | undefined = undefined

  /** undefined: nobody configured how to know. */
  get current(): Geo | undefined {
    return this.geo
  }

  async prepare({ geo: policy }: Config): Promise<Move> {
    if (Bun.deepEquals(policy, this.policy)) return NO_MOVE
    const geo = policy && (await open(policy))
    return {
      ...NO_MOVE,
      commit: () => {
        this.policy = policy
        this.geo = geo
      },
    }
  }
}

async function open(policy: GeoPolicy): Promise<Geo> {
  try {
    return { header: policy.header, ...(await createLocator(policy)) }
  } catch (error) {
    throw asRefusal(error, 'geo')
  }
}
