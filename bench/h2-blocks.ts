/** Field blocks of HTTP/2 as a peer sends them whose messages are alike, made once. */
import { emptySpan, HpackEncoder } from '../core/http2/hpack-encoder.ts'
import { DEFAULT_TABLE_BYTES } from '../core/http2/settings.ts'

/** The block of these fields for the first time, for the second, in which the table is filled, and for each time after. */
export function encodeThrice(
  fields: readonly (readonly [name: string, value: string])[],
): readonly [first: Buffer, second: Buffer, others: Buffer] {
  const encoder = new HpackEncoder()
  const encode = (): Buffer => {
    const out = Buffer.alloc(2 * DEFAULT_TABLE_BYTES)
    const span = emptySpan()
    let end = encoder.begin(out, 0)
    for (const [name, value] of fields) {
      span.names = Buffer.from(name)
      span.nameEnd = span.names.length
      span.bytes = Buffer.from(value)
      span.valueEnd = span.bytes.length
      end = encoder.write(out, end, span)
    }
    return out.subarray(0, end)
  }
  return [encode(), encode(), encode()]
}
