/**
 * What a restart must find of deploys: how the last one of each pool went, what it replaced, and one that was about to
 * change the file. Read as of a stranger: a file of another version is as good as none.
 */
import { deployPhases } from '../report/view.ts'
import type { DeployView } from './contract.ts'

/** A member as it stood in the file. */
export interface Replaced {
  readonly id: string
  readonly text: string
}

export interface PoolRecord {
  readonly last: DeployView
  /** The members before the last deploy that was done; undefined: there was none. */
  readonly before: readonly Replaced[] | undefined
  /** It has begun to change the file, and nobody knows yet whether it has: these were the members before. */
  readonly pending: readonly Replaced[] | undefined
}

/** By pool. */
export type Records = ReadonlyMap<string, PoolRecord>

/** Where they are kept. */
export interface RecordStore {
  /** undefined: nowhere yet, or nobody may trust it. */
  read(): string | undefined
  write(text: string): void
}

const FORMAT = 1

export const renderRecords = (records: Records): string =>
  `${JSON.stringify({ format: FORMAT, pools: Object.fromEntries(records) }, null, 2)}\n`

/** Never throws; what it does not understand it leaves out. */
export function readRecords(text: string | undefined): Map<string, PoolRecord> {
  const whole = parse(text)
  if (!isObject(whole) || whole['format'] !== FORMAT || !isObject(whole['pools'])) return new Map()
  return new Map(
    Object.entries(whole['pools']).flatMap(([pool, record]) => {
      const read = readRecord(record)
      return read === undefined ? [] : [[pool, read] as const]
    }),
  )
}

function readRecord(value: unknown): PoolRecord | undefined {
  if (!isObject(value) || !isView(value['last'])) return undefined
  return { last: value['last'], before: readMembers(value['before']), pending: readMembers(value['pending']) }
}

/** What is looked at of it by us; all else is handed on. */
const isView = (value: unknown): value is DeployView =>
  isObject(value) &&
  typeof value['id'] === 'number' &&
  deployPhases.some((phase) => phase === value['phase']) &&
  typeof value['pool'] === 'string' &&
  ['added', 'kept', 'removed'].every((key) => isTexts(value[key]))

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((one) => typeof one === 'string')

function readMembers(value: unknown): readonly Replaced[] | undefined {
  if (!Array.isArray(value)) return undefined
  const members = value.filter(
    (one): one is Replaced => isObject(one) && typeof one['id'] === 'string' && typeof one['text'] === 'string',
  )
  return members.length === value.length ? members : undefined
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
