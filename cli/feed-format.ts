/**
 * Checks what a stream sent before anything is drawn from it: as much as the screens rely on, since a newer balancer may
 * tell more and a stranger may send anything. Pure.
 */
import type { Frame, Hello } from '../core/observe/frame.ts'

/** An event as it came, with what every kind has. */
export interface WatchedEvent {
  readonly id: number
  /** Wall ms. */
  readonly at: number
  readonly kind: string
  readonly fields: Fields
}

export type Fields = Readonly<Record<string, unknown>>

export const isHello = (value: unknown): value is Hello =>
  isFields(value) &&
  typeof value['protocol'] === 'number' &&
  typeof value['version'] === 'string' &&
  isListOf(value['boundsMs'], (bound) => typeof bound === 'number')

export const isFrame = (value: unknown): value is Frame =>
  isFields(value) &&
  hasNumbers(value, ['at', 'uptimeMs', 'intervalMs']) &&
  typeof value['phase'] === 'string' &&
  isFields(value['process']) &&
  isFields(value['totals']) &&
  hasNumbers(value['totals'], totalNumbers) &&
  isLatency(value['totals']['latency']) &&
  isListOf(value['pools'], isPool) &&
  isListOf(value['routes'], isRoute)

/** undefined when it is none. */
export function readEvent(id: number, value: unknown): WatchedEvent | undefined {
  if (!isFields(value)) return undefined
  const { at, kind, ...fields } = value
  return typeof at === 'number' && typeof kind === 'string' && Number.isSafeInteger(id)
    ? { id, at, kind, fields }
    : undefined
}

const totalNumbers = [
  'requestsPerSecond',
  'errorsPerSecond',
  'errorRatio',
  'retriesPerSecond',
  'refusedPerSecond',
  'inflight',
]
const poolNumbers = ['requestsPerSecond', 'errorsPerSecond', 'errorRatio', 'inflight', 'usable']
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
]

const isPool = (value: unknown): boolean =>
  isFields(value) &&
  typeof value['name'] === 'string' &&
  isFields(value['strategy']) &&
  typeof value['strategy']['use'] === 'string' &&
  hasNumbers(value, poolNumbers) &&
  isLatency(value['latency']) &&
  isListOf(value['backends'], isBackend)

const isBackend = (value: unknown): boolean =>
  isFields(value) &&
  typeof value['id'] === 'string' &&
  typeof value['state'] === 'string' &&
  hasNumbers(value, backendNumbers) &&
  isLatency(value['latency']) &&
  isListOf(value['histogram'], (one) => typeof one === 'number')

const isRoute = (value: unknown): boolean =>
  isFields(value) &&
  typeof value['match'] === 'string' &&
  typeof value['pool'] === 'string' &&
  hasNumbers(value, ['requestsPerSecond'])

const isLatency = (value: unknown): boolean =>
  value === null || (isFields(value) && hasNumbers(value, ['count', 'p50Ms', 'p95Ms', 'p99Ms', 'p999Ms']))

const hasNumbers = (value: Fields, keys: readonly string[]): boolean =>
  keys.every((key) => typeof value[key] === 'number')

const isListOf = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every((item) => isItem(item))

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
