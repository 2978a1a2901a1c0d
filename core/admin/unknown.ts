/** 404: what was asked for is not there, and what may have been meant instead. */
import { didYouMean } from '../suggest.ts'
import { foundIn } from './pool-view.ts'
import { problem } from './problem.ts'
import type { Call, Routes } from './route.ts'

/** More would not be read. */
const maxNames = 8

/** Of a pool, or of a backend in it where the pool is there. */
export function unknownThing({ source, params: { pool = '', id } }: Pick<Call, 'source' | 'params'>): Response {
  const { pools } = source.config()
  const members = pools.find(({ name }) => name === pool)?.members
  if (members === undefined || id === undefined) {
    const names = pools.map(({ name }) => name)
    return problem(404, `There is no pool ${shorten(pool)}; ${hintAt(pool, names)}`)
  }
  const ids = [...members, ...foundIn(source, pool).map(({ member }) => member)].map((member) => member.id)
  return problem(404, `The pool ${pool} has no backend ${shorten(id)}; ${hintAt(id, ids)}`)
}

function hintAt(typed: string, names: readonly string[]): string {
  const hint = didYouMean(typed, names)
  if (hint !== undefined) return hint
  if (names.length === 0) return 'there are none.'
  const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : ''
  return `there are: ${names.slice(0, maxNames).join(', ')}${more}.`
}

const shorten = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text)

/** Verbs of the command line, and what does the same to a backend here. */
const verbs = new Map([
  ['drain', (backend: string) => `PATCH ${backend} with {"drain": true} does that.`],
  ['resume', (backend: string) => `PATCH ${backend} with {"drain": false} does that.`],
  ['weight', (backend: string) => `PATCH ${backend} with {"weight": 2} does that.`],
  ['remove', (backend: string) => `DELETE ${backend} does that.`],
])

/** Of a path that no route has. */
export function unknownPath(routes: Routes, path: string): Response {
  const hint = verbHint(path) ?? pathHint(routes, path)
  const hints = [...(hint === undefined ? [] : [hint]), 'GET / and /openapi.json list what is.']
  return problem(404, `There is no ${shorten(path)} here; ${hints.join(' ')}`)
}

function verbHint(path: string): string | undefined {
  const [, backend = '', verb = ''] = /^(\/api\/pools\/[^/]+\/backends\/[^/]+)\/(\w+)$/.exec(path) ?? []
  return verbs.get(verb)?.(shorten(backend))
}

function pathHint(routes: Routes, path: string): string | undefined {
  const likely = nearestPath(routes, path)
  return likely && `did you mean ${shorten(likely)}?`
}

/** Of the routes with as many steps, the one with a single mistyped step; or the same path below /api. */
function nearestPath(routes: Routes, path: string): string | undefined {
  const templates = [...new Set(Object.keys(routes).map((key) => key.split(' ')[1] ?? ''))]
  const given = path.replace(/\/+$/, '').split('/')
  // Of the bare address nothing was mistyped.
  for (const ways of given.length < 2 ? [] : [given, ['', 'api', ...given.slice(1)]])
    for (const template of templates) {
      const found = mend(template.split('/'), ways)
      if (found !== undefined) return found.join('/') || '/'
    }
  return undefined
}

/** `given` with its one wrong step put right by `template`. */
function mend(template: readonly string[], given: readonly string[]): readonly string[] | undefined {
  if (template.length !== given.length) return undefined
  const wrong = template.flatMap((step, at) => (step.startsWith(':') || step === given[at] ? [] : [at]))
  const [only, another] = wrong
  if (only === undefined) return given
  const right = template[only] ?? ''
  if (another !== undefined || right === '' || didYouMean(given[only] ?? '', [right]) === undefined) return undefined
  return given.with(only, right)
}
