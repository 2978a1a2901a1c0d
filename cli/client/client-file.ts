/** Clients in files, as they are exported and imported: JSON lines as the admin API has them, or CSV for spreadsheets. Pure. */
import type { ImportClientBody } from '../../core/admin/client-schemas.ts'
import { formatCsv, parseCsv } from '../text/csv.ts'

export type FileFormat = 'jsonl' | 'csv'

/** The columns of a CSV file, in the order of an export; what one that is imported leaves out is absent. */
export const columns = [
  'id',
  'name',
  'plan',
  'rate',
  'burst',
  'note',
  'enabled',
  'validUntil',
  'keyHash',
  'keyPrefix',
] as const satisfies readonly (keyof ImportClientBody)[]

export type Lines =
  /** JSON lines, and on which line of the file each of them stands, from 1; absent: on its own. */
  | { readonly kind: 'lines'; readonly text: string; readonly numbers?: readonly number[] }
  | { readonly kind: 'fault'; readonly line: number; readonly column: number; readonly rule: string }

/** `text`: of a file, a byte order mark included. */
export function readClients(text: string, format: FileFormat): Lines {
  const content = text.replace(/^\uFEFF/, '')
  return format === 'jsonl' ? { kind: 'lines', text: content } : readCsv(content)
}

function readCsv(text: string): Lines {
  const csv = parseCsv(text)
  if (csv.kind === 'fault') return csv
  const [header, ...records] = csv.records
  const names = header?.cells.map((cell) => cell.trim()) ?? []
  const fault = headerFault(names)
  if (fault !== undefined) return { kind: 'fault', line: header?.line ?? 1, column: 1, rule: fault }
  const long = records.find(({ cells }) => cells.length > names.length)
  if (long !== undefined) {
    const rule = `there are ${long.cells.length} cells, and ${names.length} columns in the first line`
    return { kind: 'fault', line: long.line, column: 1, rule }
  }
  const lines = records.map(({ cells }) => JSON.stringify(clientOf(names, cells)))
  return { kind: 'lines', text: lines.join('\n'), numbers: records.map(({ line }) => line) }
}

function headerFault(names: readonly string[]): string | undefined {
  const listed = columns.join(', ')
  const unknown = names.find((name) => !columns.some((column) => column === name))
  if (unknown !== undefined)
    return `the first line must name columns, and ${JSON.stringify(unknown)} is none of ${listed}`
  if (!names.includes('name')) return `the first line must name the columns, "name" among them, of ${listed}`
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : `the column ${JSON.stringify(twice)} must stand there once`
}

/** Numbers and truth values as such, where they are; what is neither is sent as it is, and the API says what is wrong with it. */
function clientOf(names: readonly string[], cells: readonly string[]): Readonly<Record<string, unknown>> {
  const given = names.map((name, index) => [name, cells[index] ?? ''] as const).filter(([, cell]) => cell !== '')
  return Object.fromEntries(given.map(([name, cell]) => [name, valueOf(name, cell)]))
}

function valueOf(name: string, cell: string): unknown {
  if (name === 'burst' && /^\d{1,15}$/.test(cell)) return Number(cell)
  if (name === 'enabled' && /^(?:true|false)$/i.test(cell)) return cell.toLowerCase() === 'true'
  return cell
}

export const csvHeader = formatCsv(columns)

/** A line of CSV for one of JSON. Throws when it is no object. */
export function csvLine(line: string): string {
  const client = JSON.parse(line) as ImportClientBody
  return formatCsv(columns.map((column) => String(client[column] ?? '')))
}
