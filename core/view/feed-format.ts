/**
 * Checks what a stream sent before anything is drawn from it: as much as the screens rely on, since a newer balancer may
 * tell more and a stranger may send anything. Pure.
 */
import type { Frame, Hello } from '../report/frame.ts'

/** An event as it came, with what every kind has. */
export interface WatchedEvent {
  readonly id: number
  /** Wall ms. */
  readonly at: number
  readonly kind: string
  readonly fields: Fields
  /** Whose it is, where several are watched. */
  readonly edge?: string
}

export type Fields = Readonly<Record<string, unknown>>

export const isHello = (value: unknown): value is Hello =>
  isFields(value) &&
  typeof value['protocol'] === 'number' &&
  typeof value['version'] === 'string' &&
  isListOf(value['boundsMs'], isNumber)

export const isFrame = (value: unknown): value is Frame =>
  isFields(value) &&
  hasNumbers(value, ['at', 'uptimeMs', 'intervalMs']) &&
  hasTexts(value, ['phase']) &&
  isShed(value) &&
  isFields(value['totals']) &&
  hasNumbers(value['totals'], totalNumbers) &&
  isLatency(value['totals']['latency']) &&
  isNumber(value['totals']['shedPerSecond'] ?? 0) &&
  isNullOr(value['certificates'] ?? null, isCertificates) &&
  isListOf(value['pools'], isPool) &&
  isListOf(value['routes'], isRoute) &&
  isNullOr(value['generation'], isGeneration) &&
  isNullOr(value['reload'], isReload)

/** undefined when it is none. */
export function readEvent(id: number, value: unknown): WatchedEvent | undefined {
  if (!isFields(value)) return undefined
  const { at, kind, ...fields } = value
  return typeof at === 'number' && typeof kind === 'string' && Number.isSafeInteger(id)
    ? { id, at, kind, fields }
    : undefined
}

const isCertificates = (value: unknown): boolean =>
  isFields(value) && hasNumbers(value, ['ending', 'notAfter']) && hasTexts(value, ['name'])

const totalNumbers = [
  'requestsPerSecond',
  'errorsPerSecond',
  'errorRatio',
  'retriesPerSecond',
  'refusedPerSecond',
  'inflight',
  'bytesFromClientsPerSecond',
  'bytesToClientsPerSecond',
]
const poolNumbers = ['requestsPerSecond', 'errorsPerSecond', 'errorRatio', 'retriesPerSecond', 'inflight', 'usable']
const backendNumbers = [
  'since',
  'weight',
  'effectiveWeight',
  'share',
  'expectedShare',
  'inflight',
  'requestsPerSecond',
  'errorsPerSecond',
  'errorRatio',
  'errors',
]

const isPool = (value: unknown): boolean =>
  isFields(value) &&
  hasTexts(value, ['name']) &&
  isStrategy(value['strategy']) &&
  hasNumbers(value, poolNumbers) &&
  isLatency(value['latency']) &&
  isBounded(value) &&
  isQueue(value) &&
  isNullOr(value['degraded'] ?? null, isText) &&
  isNullOr(value['deploy'] ?? null, isText) &&
  isNullOr(value['sourceAway'] ?? null, isText) &&
  isListOf(value['backends'], isBackend)

const isStrategy = (value: unknown): boolean =>
  isFields(value) &&
  hasTexts(value, ['use']) &&
  hasNumbers(value, ['faults']) &&
  ['file', 'version', 'lastFault', 'revertedBecause'].every((key) => isNullOr(value[key], isText)) &&
  ['nsPerPick', 'swappedAt'].every((key) => isNullOr(value[key], isNumber))

const isBackend = (value: unknown): boolean =>
  isFields(value) &&
  hasTexts(value, ['id', 'state']) &&
  hasNumbers(value, backendNumbers) &&
  ['reason', 'zone', 'worstError'].every((key) => isNullOr(value[key], isText)) &&
  isStanding(value) &&
  isBounded(value) &&
  isNullOr(value['ewmaMs'], isNumber) &&
  isNullOr(value['check'], isCheck) &&
  isLatency(value['latency']) &&
  isListOf(value['histogram'], isNumber)

/** Balancers of before it was told leave these out. */
const isStanding = ({ why = null, until = null, health = null, ...later }: Fields): boolean =>
  isNullOr(why, isText) && isNullOr(until, isNumber) && isNullOr(health, isText) && isUse(later)

/** Of these, too. */
const isUse = ({ use = '', tier = 0, by = null, holds = [], fullAt = null }: Fields): boolean =>
  isText(use) && isNumber(tier) && isNullOr(by, isText) && isListOf(holds, isHold) && isNullOr(fullAt, isNumber)

const isHold = (value: unknown): boolean =>
  isFields(value) &&
  hasTexts(value, ['by', 'why']) &&
  hasNumbers(value, ['since']) &&
  isNullOr(value['until'], isNumber)

const isShed = ({ shedding = false }: Fields): boolean => typeof shedding === 'boolean'

const isBounded = ({ maxInflight = null }: Fields): boolean => isNullOr(maxInflight, isNumber)

const isQueue = ({ waiting = 0, queuedPerSecond = 0, turnedAwayPerSecond = 0 }: Fields): boolean =>
  [waiting, queuedPerSecond, turnedAwayPerSecond].every(isNumber)

const isCheck = (value: unknown): boolean => isFields(value) && hasNumbers(value, ['at']) && hasTexts(value, ['detail'])

const isRoute = (value: unknown): boolean =>
  isFields(value) &&
  hasTexts(value, ['match', 'pool']) &&
  hasNumbers(value, ['requestsPerSecond']) &&
  isNumber(value['refusalsPerSecond'] ?? 0)

const isGeneration = (value: unknown): boolean =>
  isFields(value) && hasNumbers(value, ['number', 'at']) && hasTexts(value, ['origin', 'summary'])

const isReload = (value: unknown): boolean =>
  isFields(value) && hasNumbers(value, ['at']) && hasTexts(value, ['origin']) && isListOf(value['problems'], isText)

const isLatency = (value: unknown): boolean =>
  isNullOr(value, (one) => isFields(one) && hasNumbers(one, ['count', 'p50Ms', 'p95Ms', 'p99Ms', 'p999Ms']))

const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'

const isNullOr = (value: unknown, isItem: (item: unknown) => boolean): boolean => value === null || isItem(value)

const hasNumbers = (value: Fields, keys: readonly string[]): boolean => keys.every((key) => isNumber(value[key]))

const hasTexts = (value: Fields, keys: readonly string[]): boolean => keys.every((key) => isText(value[key]))

const isListOf = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every((item) => isItem(item))

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
