/** Comma-separated values (RFC 4180), with LF or CRLF, as spreadsheets write and read them. Pure. */

export interface CsvRecord {
  /** On which it begins, from 1. */
  readonly line: number
  readonly cells: readonly string[]
}

export type Csv =
  | { readonly kind: 'records'; readonly records: readonly CsvRecord[] }
  /** At a line and column, from 1. */
  | { readonly kind: 'fault'; readonly line: number; readonly column: number; readonly rule: string }

/** Lines that are empty count for nothing. Never throws. */
export function parseCsv(text: string): Csv {
  const reader = new Reader(text)
  const records: CsvRecord[] = []
  while (!reader.isAtEnd) {
    const { line } = reader
    const cells: string[] = []
    do {
      const cell = reader.cell()
      if (typeof cell !== 'string') return { kind: 'fault', ...cell }
      cells.push(cell)
    } while (reader.takeComma())
    reader.takeLineEnd()
    if (cells.length > 1 || cells[0] !== '') records.push({ line, cells })
  }
  return { kind: 'records', records }
}

/** A line, its end included. */
export const formatCsv = (cells: readonly string[]): string => `${cells.map(quoteCell).join(',')}\r\n`

const quoteCell = (cell: string): string => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

interface Fault {
  readonly line: number
  readonly column: number
  readonly rule: string
}

const plain = /[^",\r\n]*/y

class Reader {
  line = 1
  private readonly text: string
  private at = 0
  private lineStart = 0

  constructor(text: string) {
    this.text = text
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length
  }

  cell(): string | Fault {
    if (this.text[this.at] === '"') return this.quoted()
    plain.lastIndex = this.at
    const [cell = ''] = plain.exec(this.text) ?? []
    this.at += cell.length
    return this.ended(cell, 'a quote stands at the beginning of a cell, and inside it twice')
  }

  takeComma(): boolean {
    if (this.text[this.at] !== ',') return false
    this.at += 1
    return true
  }

  takeLineEnd(): void {
    if (this.text[this.at] === '\r') this.at += 1
    if (this.text[this.at] === '\n') this.at += 1
    this.line += 1
    this.lineStart = this.at
  }

  private quoted(): string | Fault {
    const begin = this.fault('this quote is not closed')
    const start = this.at + 1
    for (let end = this.text.indexOf('"', start); end !== -1; end = this.text.indexOf('"', end + 2)) {
      if (this.text[end + 1] === '"') continue
      const inside = this.text.slice(start, end)
      this.countLines(inside, start)
      this.at = end + 1
      return this.ended(
        inside.replaceAll('""', '"'),
        'a comma or the end of the line is expected behind a closing quote',
      )
    }
    return begin
  }

  private ended(cell: string, rule: string): string | Fault {
    const next = this.text[this.at]
    return next === undefined || next === ',' || next === '\r' || next === '\n' ? cell : this.fault(rule)
  }

  private countLines(inside: string, start: number): void {
    const breaks = inside.split('\n').length - 1
    if (breaks === 0) return
    this.line += breaks
    this.lineStart = start + inside.lastIndexOf('\n') + 1
  }

  private fault(rule: string): Fault {
    return { line: this.line, column: this.at - this.lineStart + 1, rule }
  }
}
