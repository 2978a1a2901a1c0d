/** The kind of sockets, which is chosen once: a config that asks for another gets it with the next start. */
import type { Config } from '../config/config.ts'
import { type Move, NO_MOVE, type Part } from '../part.ts'

export function createTransportPart(chosen: Config['transport']): Part<Config> {
  const kept = [{ key: 'transport', message: `stays ${JSON.stringify(chosen)} until SmartEdge is started again` }]
  return {
    prepare: ({ transport }) => Promise.resolve<Move>(transport === chosen ? NO_MOVE : { ...NO_MOVE, kept }),
  }
}
