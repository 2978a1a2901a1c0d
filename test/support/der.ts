/** What lists of revoked certificates are written in besides what we write ourselves: `core/acme/der.ts`. */
import { der } from '../../core/acme/der.ts'

export const nothing = Buffer.from([0x05, 0x00])

/** Not negative. */
export function integer(value: number | bigint): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return der(0x02, (bytes[0] as number) > 0x7f ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}
