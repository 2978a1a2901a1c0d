/**
 * HalfSipHash-2-4 with a result of 64 bits (Aumasson and Bernstein 2012; its variant for 32-bit words): a hash under a key
 * that nobody outside knows, so that nobody can send values that share an entry, or crowd a table. Faster hashes with a seed
 * (xxHash, wyhash) are no help: there are texts that collide whatever the seed is.
 */

/** One hash at a time, in two halves; written by `hash`, read before the next. */
export class KeyHash {
  high = 0
  low = 0
  private k0 = 0
  private k1 = 0

  /** `seed`: 8 bytes from a source that nobody can foresee. */
  constructor(seed: Uint8Array) {
    this.reseed(seed)
  }

  /** From now on all hashes are others. */
  reseed(seed: Uint8Array): void {
    this.k0 = wordAt(seed, 0)
    this.k1 = wordAt(seed, 4)
  }

  /** Of bytes[from..to): 2 x 32 bits into `high` and `low`, each 0 to 2^32 - 1. */
  hash(bytes: Uint8Array, from: number, to: number): void {
    let v0 = this.k0
    let v1 = this.k1 ^ 0xee
    let v2 = this.k0 ^ 0x6c796765
    let v3 = this.k1 ^ 0x74656462
    const words = (to - from) >> 2
    // Behind the whole words comes one that ends with the length, then two rounds of mixing; each is four rounds.
    for (let step = 0; step <= words + 2; step += 1) {
      const at = from + 4 * step
      const word = step < words ? wordAt(bytes, at) : step === words ? lastWord(bytes, at, to, to - from) : 0
      if (step <= words) v3 ^= word
      for (let rounds = step <= words ? 2 : 4; rounds > 0; rounds -= 1) {
        v0 = (v0 + v1) | 0
        v1 = (v1 << 5) | (v1 >>> 27)
        v1 ^= v0
        v0 = (v0 << 16) | (v0 >>> 16)
        v2 = (v2 + v3) | 0
        v3 = (v3 << 8) | (v3 >>> 24)
        v3 ^= v2
        v0 = (v0 + v3) | 0
        v3 = (v3 << 7) | (v3 >>> 25)
        v3 ^= v0
        v2 = (v2 + v1) | 0
        v1 = (v1 << 13) | (v1 >>> 19)
        v1 ^= v2
        v2 = (v2 << 16) | (v2 >>> 16)
      }
      if (step < words) v0 ^= word
      else if (step === words) {
        v0 ^= word
        v2 ^= 0xee
      } else if (step === words + 1) {
        this.high = (v1 ^ v3) >>> 0
        v1 ^= 0xdd
      }
    }
    this.low = (v1 ^ v3) >>> 0
  }
}

/** Little-endian. */
const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) |
  ((bytes[at + 1] as number) << 8) |
  ((bytes[at + 2] as number) << 16) |
  ((bytes[at + 3] as number) << 24)

/** bytes[at..end), at most three of them, and above them the length of all. */
function lastWord(bytes: Uint8Array, at: number, end: number, length: number): number {
  let word = length << 24
  for (let index = at; index < end; index += 1) word |= (bytes[index] as number) << (8 * (index - at))
  return word
}
