/** All scenarios by name, and the sets of them that have a name of their own. */
import type { Scenario } from '../scenario.ts'
import { failing, outage, slow } from './bad-answers.ts'
import { flapping } from './flapping.ts'
import { connections, download, headers, upload } from './full-speed.ts'
import { http2, http2Backends } from './http2.ts'
import { idle } from './idle.ts'
import { kills, stopped } from './kills.ts'
import { mixed } from './mixed.ts'
import { queue } from './queue.ts'
import { reload } from './reload.ts'
import { scale } from './scale.ts'
import { slowOne } from './slow-one.ts'
import { steady } from './steady.ts'
import { tcp } from './tcp.ts'
import { handshakes, resumed, tls, tlsBackends } from './tls.ts'
import { tunnels } from './tunnels.ts'
import { uneven } from './weights.ts'

/** In the order in which they run. */
export const catalogue: readonly Scenario[] = [
  steady,
  headers,
  download,
  upload,
  connections,
  mixed,
  idle,
  slowOne,
  flapping,
  uneven,
  reload,
  tunnels,
  tcp,
  tls,
  handshakes,
  resumed,
  tlsBackends,
  http2,
  http2Backends,
  scale,
  kills,
  stopped,
  slow,
  failing,
  outage,
  queue,
]

/** Names that stand for several. */
export const sets: Readonly<Record<string, readonly string[]>> = {
  default: [
    'steady',
    'headers',
    'download',
    'upload',
    'connections',
    'mixed',
    'idle-10k',
    'slow-one',
    'flapping',
    'reload',
  ],
  quick: ['steady', 'headers', 'connections'],
  strategies: ['slow-one', 'weights', 'flapping'],
  'bad-day': ['kills', 'stopped', 'slow', 'failing', 'outage', 'queue'],
  all: catalogue.map((scenario) => scenario.name),
}

/** Scenarios of the names and sets given, each once. Throws on a name that nobody has. */
export function selectScenarios(names: readonly string[]): readonly Scenario[] {
  const wanted = new Set(names.flatMap((name) => sets[name] ?? [name]))
  const unknown = [...wanted].filter((name) => !catalogue.some((scenario) => scenario.name === name))
  if (unknown.length > 0)
    throw new Error(
      `no scenario '${unknown.join("', '")}'; there are ${[...Object.keys(sets), ...(sets.all ?? [])].join(', ')}`,
    )
  return catalogue.filter((scenario) => wanted.has(scenario.name))
}
