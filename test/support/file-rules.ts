/** What each source file keeps to on its own. Each check tells its complaints; none means all is well. */
import { codeOf } from './sources.ts'
import type { Sources } from './sources.ts'

const MAX_LINES = 350

/** Files over the hard stop on length. */
export const checkLength = (sources: Sources): string[] =>
  complain(sources, everywhere, (text) => {
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
    return lines > MAX_LINES ? [`has ${lines} lines, more than ${MAX_LINES}`] : []
  })

/** Files that do not begin by saying what they are. A test says so by its `describe`. */
export const checkHeader = (sources: Sources): string[] =>
  complain(
    sources,
    (path) => !path.endsWith('.test.ts'),
    (text) => (/^(#![^\n]*\n)?\/[/*]/.test(text) ? [] : ['has no header comment']),
  )

/** Files with JSX that leave it to the working directory's tsconfig.json what that compiles to; the page's is Preact's. */
export const checkJsx = (sources: Sources): string[] =>
  complain(
    sources,
    (path) => path.endsWith('.tsx') && !path.startsWith('test/'),
    (text, path) =>
      text.includes(`\n/** @jsxImportSource ${path.startsWith('web/') ? 'preact' : '#jsx'} */\n`)
        ? []
        : ['does not say where its JSX comes from'],
  )

const EXPORT_ALL =
  /\b(?:import|export)\b(?:\s+type)?\s*(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})(?:\s*from\s*(['"])[^'"\n]+\1)?/g

/** Files that only pass on what others export. */
export const checkBarrels = (sources: Sources): string[] =>
  complain(sources, everywhere, (text) => {
    const code = codeOf(text)
    const isBarrel = /\bexport\b/.test(code) && code.replace(EXPORT_ALL, '').replaceAll(';', '').trim() === ''
    return isBarrel ? ['only passes on what others export'] : []
  })

const TIME_AND_CHANCE =
  /\b(?:Date\.now|Math\.random|performance\.now|Bun\.(?:nanoseconds|sleep|sleepSync)|process\.hrtime|set(?:Timeout|Interval|Immediate)|new Date\(\)|Date\(\))/g
const DOORS = ['core/clock.ts', 'core/random.ts']

/** Time and chance taken from the system and not from a Clock or Random handed in. */
export const checkTimeAndChance = (sources: Sources): string[] =>
  complain(
    sources,
    (path) => inProduct(path) && !DOORS.includes(path),
    (text) => uses(text, TIME_AND_CHANCE),
  )

/** Where a process or a thread puts its parts together. */
const ENTRIES = ['core/edge.ts', 'core/lab/examine-worker.ts']

const SYSTEM = /\bsystem(?:Clock|Random)\b/g

/** The system's own clock and chance named elsewhere than where the parts are put together. */
export const checkSystemDoors = (sources: Sources): string[] =>
  complain(
    sources,
    (path) => inProduct(path) && ![...DOORS, ...ENTRIES].includes(path),
    (text) => uses(text, SYSTEM),
  )

const BUN_SOCKETS = /\bBun\.(?:listen|connect|udpSocket)\b/g
/** Any import of Node's socket modules but for net's pure functions on addresses. */
const NODE_SOCKETS =
  /\bimport\b(?!\s*\{\s*(?:(?:isIP(?:v[46])?|BlockList),?\s*)+\}\s*from)[^'"]*['"](?:node:)?(?:net|tls|https?|http2|dgram)['"]/g
const OPENER = 'core/net/'

/** Sockets opened elsewhere than in `core/net`. */
export const checkSockets = (sources: Sources): string[] =>
  complain(
    sources,
    (path) => inProduct(path) && !path.startsWith(OPENER),
    (text) => [...uses(text, BUN_SOCKETS), ...uses(text, NODE_SOCKETS)],
  )

const everywhere = () => true
const inProduct = (path: string): boolean => path.startsWith('core/') || path.startsWith('plugins/')

const uses = (text: string, pattern: RegExp): string[] =>
  (codeOf(text).match(pattern) ?? []).map((use) => `uses ${use}`)

function complain(
  sources: Sources,
  applies: (path: string) => boolean,
  check: (text: string, path: string) => readonly string[],
): string[] {
  return [...sources]
    .filter(([path]) => applies(path))
    .flatMap(([path, text]) => check(text, path).map((complaint) => `${path} ${complaint}`))
}
