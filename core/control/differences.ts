/** How two plain values differ, key by key, in the words of the config file. Pure. */
import { isDeepStrictEqual } from 'node:util'
import { formatKey } from '../config/read/reading.ts'
import { hideQuery, isSecret, Secret } from '../secrets.ts'
import { formatDuration, formatSize } from '../config/read/units.ts'
import { writtenKey } from './written-keys.ts'

export interface Difference {
  /** The section it lies in: the first key. */
  readonly key: string
  /** `head 10s -> 5s`, `geo added`. */
  readonly text: string
}

/** `section`: what both stand for; empty: each of their keys is a section of its own. */
export function differences(section: string, from: unknown, to: unknown): Difference[] {
  if (section !== '') return within(section, from, to).map((text) => ({ key: section, text }))
  const [before, after] = [entries(from), entries(to)]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => {
    const name = shortName(key)
    return within(name, before[key], after[key], key).map((text) => ({ key: name, text }))
  })
}

/** What the file says in one key may be several in the parsed config, and is told once. */
function within(section: string, from: unknown, to: unknown, unit = ''): string[] {
  const texts = compare([], from, to, unit).map(({ path, text }) => {
    const name = writtenKey(section, formatKey(path.map(shortName)))
    return name === '' ? text : `${name} ${text}`
  })
  return [...new Set(texts)]
}

interface Changed {
  /** The keys below the section. */
  readonly path: readonly string[]
  readonly text: string
}

/** `unit`: the key that tells the value's unit. */
function compare(path: readonly string[], from: unknown, to: unknown, unit: string): Changed[] {
  if (isDeepStrictEqual(from, to)) return []
  if (isObject(from) && isObject(to)) {
    const keys = new Set([...Object.keys(from), ...Object.keys(to)])
    return [...keys].flatMap((key) => compare([...path, key], from[key], to[key], key))
  }
  const say = (text: string): Changed[] => [{ path, text }]
  if (isSecret(unit, from) || isSecret(unit, to) || isStructure(from) || isStructure(to)) {
    if (from === undefined) return say('added')
    return say(to === undefined ? 'removed' : 'changed')
  }
  const [before, after] = [show(from, unit), show(to, unit)]
  return say(before === after ? 'changed' : `${before} -> ${after}`)
}

/** `shutdownTimeoutMs` is `shutdownTimeout` in the file; the unit stands with the value. */
const shortName = (key: string): string => key.replace(/(?:Ms|Bytes)$/, '')

function show(value: unknown, unit: string): string {
  if (value === undefined) return 'none'
  if (typeof value === 'string') return JSON.stringify(hideQuery(value)).slice(0, 80)
  if (typeof value !== 'number') return JSON.stringify(value).slice(0, 80)
  if (unit.endsWith('Ms')) return formatDuration(value)
  return unit.endsWith('Bytes') ? formatSize(value) : String(value)
}

const isStructure = (value: unknown): boolean => typeof value === 'object' && value !== null

const isObject = (value: unknown): value is Record<string, unknown> =>
  isStructure(value) && !Array.isArray(value) && !(value instanceof Secret)

const entries = (value: unknown): Readonly<Record<string, unknown>> => (isObject(value) ? value : {})
