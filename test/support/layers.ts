/** Who may import whom, and that nobody goes in circles. Each check tells its complaints; none means all is well. */
import { importsOf } from './sources.ts'
import type { Import, Sources } from './sources.ts'

/**
 * What begins with `from` (the longest such counts) may import its own folder, LEAVES, packages, what begins with one
 * of `to`, and types of what begins with one of `types`.
 */
export interface Layer {
  readonly from: string
  readonly to: readonly string[]
  readonly types?: readonly string[]
  /** `to` and nothing else: no file beside it, no leaf, no package. */
  readonly isAlone?: true
}

/** Small files that all but plugins may import. */
const LEAVES = [
  'core/address.ts',
  'core/ascii-json.ts',
  'core/bind-hosts.ts',
  'core/clock.ts',
  'core/descriptors.ts',
  'core/due-marks.ts',
  'core/errors.ts',
  'core/file-stamp.ts',
  'core/own-files.ts',
  'core/own-place.ts',
  'core/part.ts',
  'core/random.ts',
  'core/rate.ts',
  'core/reach.ts',
  'core/suggest.ts',
  'core/secrets.ts',
  'core/sliding-window.ts',
  'core/version.ts',
]

const FOR_STREAMS = ['http1', 'http2', 'net', 'forward', 'stream'].map((name) => `core/${name}/`)
const FOR_EXCHANGE = [
  'http1',
  'route',
  'admission',
  'pool',
  'backend',
  'strategy',
  'balance',
  'net',
  'forward',
  'grpc-web',
  'sticky',
  'stream',
  'observe',
]

const FOR_ADMIN = [
  ...['observe', 'report', 'config', 'http1', 'net', 'inbound', 'stream'].map((name) => `core/${name}/`),
  'core/forward/date-line.ts',
  'core/clients/contract.ts',
  'core/clients/limits.ts',
  'core/explain/policy.ts',
  'core/deploy/criteria.ts',
  'core/deploy/span.ts',
  'core/preview/contract.ts',
  'core/preview/lifetime.ts',
]

const LAYERS: readonly Layer[] = [
  ...LEAVES.map((from) => ({ from, to: from === 'core/clock.ts' ? ['core/due-marks.ts'] : [] })),
  { from: 'core/http1/', to: [] },
  // Which bytes are kept when they wait for a window.
  { from: 'core/http2/', to: ['core/http1/', 'core/net/held-bytes.ts', 'core/net/linked-list.ts'] },
  { from: 'core/route/', to: [] },
  { from: 'core/observe/', to: [] },
  // A backend's counters are declared with all others.
  { from: 'core/backend/', to: ['core/observe/'] },
  { from: 'core/report/', to: ['core/observe/'] },
  { from: 'core/ip/', to: [] },
  { from: 'core/proxy-protocol/', to: ['core/ip/'] },
  { from: 'core/log/', to: [] },
  { from: 'core/geo/', to: ['core/ip/'] },
  { from: 'core/clients/', to: ['core/control/queue.ts'], types: ['core/config/', 'core/observe/'] },
  { from: 'core/strategy/', to: [] },
  { from: 'core/lab/', to: ['core/strategy/'] },
  { from: 'core/watchdog/', to: ['core/strategy/'] },
  { from: 'core/balance/', to: ['core/backend/', 'core/observe/', 'core/strategy/'] },
  { from: 'core/names/', to: [] },
  {
    from: 'core/acme/',
    to: [
      'core/tls/certificate.ts',
      'core/discovery/etcd-client.ts',
      'core/discovery/etcd-watch.ts',
      'core/discovery/json.ts',
    ],
    types: ['core/discovery/policy.ts', 'core/limits/redis.ts', 'core/net/'],
  },
  { from: 'core/net/', to: ['core/ip/', 'core/names/'] },
  // Who reads certificates, and chooses among them.
  { from: 'core/tls/', to: ['core/net/'], types: ['core/acme/'] },
  { from: 'core/forward/', to: ['core/http1/', 'core/ip/'], types: ['core/proxy-protocol/'] },
  { from: 'core/stream/', to: ['core/http1/', 'core/forward/'], types: ['core/net/', 'core/proxy-protocol/'] },
  { from: 'core/grpc-web/', to: ['core/http1/', 'core/forward/', 'core/stream/'] },
  { from: 'core/inbound/', to: [...FOR_STREAMS, 'core/proxy-protocol/', 'core/tls/client-hello.ts'] },
  { from: 'core/outbound/', to: [...FOR_STREAMS, 'core/proxy-protocol/'], types: ['core/names/'] },
  {
    from: 'core/admission/',
    to: ['core/forward/', 'core/http1/', 'core/ip/'],
    types: ['core/clients/', 'core/net/', 'core/observe/', 'core/stream/'],
  },
  {
    from: 'core/limits/',
    to: ['core/admission/', 'core/forward/', 'core/http1/', 'core/ip/', 'core/observe/'],
    types: ['core/clients/', 'core/stream/'],
  },
  { from: 'core/sticky/', to: ['core/backend/', 'core/http1/', 'core/observe/'] },
  {
    from: 'core/pool/',
    to: ['backend', 'balance', 'health', 'sticky', 'strategy', 'stream'].map((name) => `core/${name}/`),
    types: ['core/admission/', 'core/net/', 'core/observe/'],
  },
  { from: 'core/exchange/', to: FOR_EXCHANGE.map((name) => `core/${name}/`), types: ['core/inbound/'] },
  {
    from: 'core/access-log/',
    to: ['core/forward/', 'core/http1/grpc.ts', 'core/trace/told.ts', 'core/trace/trace-context.ts'],
    types: ['core/exchange/', 'core/http1/', 'core/observe/'],
  },
  // Pools it is handed by the runtime; the words of its criteria hold times as the config has them.
  {
    from: 'core/deploy/',
    to: ['core/observe/', 'core/report/view.ts', 'core/config/read/units.ts', 'core/config/edit/pool-edit.ts'],
    types: ['core/balance/', 'core/backend/', 'core/config/', 'core/control/', 'core/strategy/'],
  },
  // A preview is read as a config would be.
  {
    from: 'core/preview/',
    to: ['core/config/', 'core/route/'],
    types: ['core/backend/'],
  },
  // Where a fleet has its config: asked as sources of members are.
  {
    from: 'core/fleet/',
    to: ['core/config/', 'core/discovery/', 'core/net/', 'core/observe/', 'core/report/'],
  },
  // What it finds is put into pools by the runtime, which hands it files and the rules of the config.
  {
    from: 'core/discovery/',
    to: ['core/backend/', 'core/names/', 'core/net/', 'core/observe/', 'core/strategy/thrown.ts'],
  },
  {
    from: 'core/trace/',
    to: ['core/http1/', 'core/forward/', 'core/access-log/hide.ts'],
    types: ['core/exchange/', 'core/net/', 'core/observe/'],
  },
  {
    from: 'core/explain/',
    to: ['core/access-log/hide.ts', 'core/exchange/explaining.ts', 'core/http1/', 'core/strategy/'],
    types: ['core/backend/', 'core/balance/', 'core/exchange/'],
  },
  { from: 'core/health/', to: ['core/backend/', 'core/http1/', 'core/http2/', 'core/net/'] },
  // Which hashes a config may hold is for those to say who check passwords against them.
  {
    from: 'core/config/',
    to: [
      'core/strategy/shipped.ts',
      'core/access-log/policy.ts',
      'core/acme/names.ts',
      'core/acme/policy.ts',
      'core/admission/password-hash.ts',
      'core/trace/policy.ts',
      // A fleet's source, by its name, and what this machine has kept of it.
      'core/fleet/address.ts',
      'core/fleet/copy.ts',
    ],
    types: ['core/'],
  },
  { from: 'core/control/', to: ['core/observe/', 'core/report/', 'core/config/', 'core/route/describe.ts'] },
  // It speaks the same HTTP as traffic, over the same connections.
  {
    from: 'core/admin/',
    to: FOR_ADMIN,
    types: ['core/control/', 'core/explain/', 'core/deploy/', 'core/preview/'],
  },
  // Where the parts are put together: these see all of core.
  { from: 'core/edge.ts', to: ['core/'] },
  { from: 'core/embed.ts', to: ['core/'] },
  { from: 'core/runtime/', to: ['core/'] },
  { from: 'plugins/', to: ['core/strategy/strategy.ts', 'core/random.ts'], isAlone: true },
  // The origins that `demo` and `origins` start are the benchmark's backends.
  {
    from: 'cli/',
    // The admin API's token file: whoever asks finds it where the process has put it.
    // And what a start would refuse, for who asks beforehand; how the watchdog ends the process; and how lines of
    // a log are written.
    to: [
      'core/edge.ts',
      'core/runtime/check-config.ts',
      'core/config/',
      'core/fleet/',
      'core/admin/token-file.ts',
      'core/net/exit-at-once.ts',
      // How systemd is told, and what it gives.
      'core/net/notify-socket.ts',
      'core/net/given-sockets.ts',
      'core/log/',
      'core/strategy/',
      'core/lab/',
      'core/watchdog/',
      // What the edge would refuse, for options that say it at once.
      'core/deploy/criteria.ts',
      'core/deploy/span.ts',
      'core/preview/lifetime.ts',
      'bench/',
      'core/view/',
    ],
    types: [
      'core/observe/',
      'core/report/',
      'core/control/',
      'core/admin/',
      'core/explain/',
      'core/deploy/',
      'core/preview/',
    ],
  },
  // What the terminal and the page both make of what the admin API tells.
  { from: 'core/view/', to: ['core/config/read/units.ts'], types: ['core/report/', 'core/observe/', 'core/deploy/'] },
  // The page runs in a browser: it gets nothing that would not.
  { from: 'web/', to: ['core/view/', 'core/strategy/shipped.ts'], types: ['core/report/'] },
  { from: 'bench/', to: ['core/edge.ts', 'cli/', 'core/view/'] },
  { from: 'bench/h2-blocks.ts', to: ['core/http2/'] },
  { from: 'bench/replay-h2c.ts', to: ['core/http2/', 'bench/profile.ts', 'bench/h2-blocks.ts', 'bench/h2c-ports.ts'] },
  // Strategies on virtual time: no processes, no sockets.
  { from: 'bench/cpu-clock.ts', to: ['core/net/ffi.ts'] },
  { from: 'bench/regret/', to: ['core/lab/', 'core/strategy/', 'bench/stats.ts'] },
  { from: 'bench/micro/', to: ['core/', 'plugins/', 'bench/', 'test/support/'] },
  { from: 'scripts/', to: ['core/config/', 'core/admin/', 'core/report/', 'cli/', 'core/view/', 'test/support/'] },
  { from: 'test/', to: [''] },
]

/**
 * What `.oxlintrc.json` must forbid for an editor to show a breach at once: the folders of core without folders of their
 * own, told as patterns on relative paths. Coarser than LAYERS, which decide: the linter takes types for values.
 */
export const LINT_OVERRIDES = LAYERS.filter(({ from }) => /^core\/(?!config\/|net\/|runtime\/)\w+\/$/.test(from)).map(
  (layer) => ({
    files: [`${layer.from}**`],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: lintPatterns(layer) }] }] },
  }),
)

function lintPatterns({ to, types = [] }: Layer): string[] {
  const allowed = [...to, ...types].map((path) => path.replace('core/', '!../'))
  return ['../*/**', ...allowed.map((path) => (path.endsWith('/') ? `${path}**` : path))]
}

const FOLDERS = ['core/', 'plugins/', 'cli/', 'web/', 'bench/', 'scripts/', 'test/']

/** Every import that LAYERS does not allow, and every file that belongs to no layer. */
export function checkLayers(sources: Sources): string[] {
  return [...sources].flatMap(([path, text]) => {
    const layer = layerOf(path)
    if (layer === undefined) return [`${path} belongs to no layer`]
    return importsOf(path, text)
      .filter((one) => !mayImport(layer, path, one))
      .map(({ target }) => `${path} may not import ${target}`)
  })
}

function layerOf(path: string): Layer | undefined {
  const layers = LAYERS.filter(({ from }) => path.startsWith(from))
  return layers.toSorted((one, other) => other.from.length - one.from.length)[0]
}

function mayImport(layer: Layer, path: string, { target, isTypeOnly }: Import): boolean {
  const allows = (prefixes: readonly string[]) => prefixes.some((prefix) => target.startsWith(prefix))
  if (allows(layer.to)) return true
  if (layer.isAlone) return false
  const isOwn = target.startsWith(layer.from) && path !== layer.from
  return isOwn || !allows(FOLDERS) || allows(LEAVES) || (isTypeOnly && allows(layer.types ?? []))
}

/** Every circle of imports, type-only ones included, once, as `a -> b -> a`. */
export function checkCycles(sources: Sources): string[] {
  const finished = new Set<string>()
  const trail: string[] = []
  const complaints: string[] = []

  function visit(path: string): void {
    const text = sources.get(path)
    if (text === undefined || finished.has(path)) return
    const begin = trail.indexOf(path)
    if (begin !== -1) {
      complaints.push([...trail.slice(begin), path].join(' -> '))
      return
    }
    trail.push(path)
    for (const { target } of importsOf(path, text)) visit(target)
    trail.pop()
    finished.add(path)
  }

  for (const path of sources.keys()) visit(path)
  return complaints
}
