/** CRC-32C (Castagnoli; RFC 3720 B.4), as the PROXY protocol's checksum. */

const POLYNOMIAL = 0x82f6_3b78

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (POLYNOMIAL & -(value & 1))
  return value >>> 0
})

/** 0..2^32 - 1. `holes`: bytes from there on, four of them, count as zeros; -1: none do. */
export function crc32c(bytes: Uint8Array, holes = -1): number {
  let crc = 0xffff_ffff
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = holes >= 0 && index >= holes && index < holes + 4 ? 0 : (bytes[index] as number)
    crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] as number)
  }
  return (crc ^ 0xffff_ffff) >>> 0
}
