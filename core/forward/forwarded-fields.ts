/**
 * Which lines of a head go no further, and the copying of the rest: in long runs, in their own order and case. The
 * hop-by-hop set is RFC 9110 7.6.1's; framing is written anew, so Transfer-Encoding goes too.
 */
import * as kind from '../http1/field-names.ts'
import type { FieldSection } from '../http1/field-section.ts'
import { forEachMember, NAMES_FIELDS } from '../http1/field-values.ts'

/** A line marked with it is left out; see `markLine`. */
const DROPPED = kind.KIND_COUNT

/** 1 for each kind of line that is left out. */
export type DropTable = Uint8Array

export const dropTable = (...kinds: number[]): DropTable => {
  const table = new Uint8Array(kind.KIND_COUNT + 1)
  for (const dropped of [...HOP_BY_HOP, DROPPED, ...kinds]) table[dropped] = 1
  return table
}

const HOP_BY_HOP = [
  kind.CONNECTION,
  kind.KEEP_ALIVE,
  kind.PROXY_CONNECTION,
  kind.TE,
  kind.UPGRADE,
  kind.TRANSFER_ENCODING,
]

/** What Connection may not name away: what frames or routes a message, what proxies tell, and what we add ourselves. */
const PROTECTED = new Set([
  kind.HOST,
  kind.CONTENT_LENGTH,
  kind.TRANSFER_ENCODING,
  kind.FORWARDED_FOR,
  kind.FORWARDED_PROTO,
  kind.FORWARDED_HOST,
  kind.FORWARDING,
  kind.REQUEST_ID,
  kind.VIA,
  kind.MAX_FORWARDS,
  kind.DATE,
])

/** Leaves line `index` out of what `copyLines` copies. */
export function markLine(fields: FieldSection, index: number): void {
  fields.kinds[index] = DROPPED
}

/** Whether line `index` is left out for a reason of its own, whatever its kind was. */
export const isMarked = (fields: FieldSection, index: number): boolean => fields.kinds[index] === DROPPED

/** Leaves every line of a kind out but the first. */
export function markRepeats(fields: FieldSection, fieldKind: number): void {
  for (let index = 0; index < fields.count; index += 1) {
    if (fields.kinds[index] === fieldKind && index !== fields.first[fieldKind]) markLine(fields, index)
  }
}

/**
 * Leaves out every line of these lower-case names, also with `_` for `-`: CGI and WSGI backends take either for the same
 * field.
 */
export function markNames(fields: FieldSection, names: readonly string[]): void {
  for (let index = 0; index < fields.count; index += 1) {
    const name = fields.bytes.toString('latin1', fields.starts[index], fields.colons[index])
    if (names.includes(name.toLowerCase().replaceAll('_', '-'))) markLine(fields, index)
  }
}

/** Leaves out the lines that Connection names (RFC 9110 7.6.1), but for the protected ones. */
export function markNamedByConnection(fields: FieldSection): void {
  if ((fields.connection & NAMES_FIELDS) === 0) return
  const names = new Set<string>()
  for (let index = 0; index < fields.count; index += 1) {
    if (fields.kinds[index] !== kind.CONNECTION) continue
    forEachMember(fields.bytes, fields.valueStart(index), fields.valueEnd(index), (from, to) => {
      names.add(fields.bytes.toString('latin1', from, to).toLowerCase())
    })
  }
  for (let index = 0; index < fields.count; index += 1) {
    const start = fields.starts[index] as number
    const name = fields.bytes.toString('latin1', start, fields.colons[index]).toLowerCase()
    if (names.has(name) && !PROTECTED.has(fields.kinds[index] as number)) markLine(fields, index)
  }
}

/**
 * Copies `fields.bytes` from `from` (at or before the first line) to the end of the last line into `out` at `at`, without
 * the lines whose kind is dropped and without the empty line. Returns the offset behind the copy.
 */
// oxlint-disable-next-line max-params -- runs for every request, and an object would be made for each
export function copyLines(out: Buffer, at: number, fields: FieldSection, from: number, drops: DropTable): number {
  const { bytes, count, kinds } = fields
  let position = at
  let runStart = from
  for (let index = 0; index < count; index += 1) {
    if (drops[kinds[index] as number] === 0) continue
    const runEnd = fields.starts[index] as number
    if (runEnd > runStart) position += bytes.copy(out, position, runStart, runEnd)
    runStart = (fields.ends[index] as number) + 2
  }
  const end = fields.end - 2
  if (end > runStart) position += bytes.copy(out, position, runStart, end)
  return position
}
