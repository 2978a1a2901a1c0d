/**
 * CPU of one decision of a rate limit, its key included, and memory of a million keys. At a million it is the latency of
 * memory that counts, which is told beside it. Run: `bun bench/micro/buckets.ts`.
 */
import { Buckets, hasToken } from '../../core/limits/buckets.ts'
import { KeyHash } from '../../core/limits/key-hash.ts'
import { MAX_KEYS } from '../../core/limits/key-table.ts'

const ROUNDS = 5
const hash = new KeyHash(crypto.getRandomValues(new Uint8Array(8)))
const address = new Uint8Array(9)
const allowance = { rate: { count: 1, perMs: 60_000 }, burst: 10 }

/** As for the address of that number. */
function decide(buckets: Buckets, number: number): void {
  for (let byte = 0; byte < 4; byte += 1) address[byte] = number >>> (8 * byte)
  hash.hash(address, 0, address.length)
  if (hasToken(buckets.look(hash, 1))) buckets.take()
}

/** us that the process has used, those in which others had the core left out. */
function used(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

function nanoseconds(count: number, step: (index: number) => void): number {
  const begin = used()
  for (let index = 0; index < count; index += 1) step(index)
  return ((used() - begin) * 1e3) / count
}

/** The longest of `count` steps, ms, a look at the clock included. */
function longest(count: number, step: (index: number) => void): number {
  let [worst, before] = [0, used()]
  for (let index = 0; index < count; index += 1) {
    step(index)
    const now = used()
    worst = Math.max(worst, now - before)
    before = now
  }
  return worst / 1000
}

/** Visits each number below MAX_KEYS once, far from the one before. */
const scattered = (index: number): number => (index * 611_953) % MAX_KEYS

/** One word of 32 MiB after the other, each where the one before says. */
function memoryNs(): number {
  const words = new Uint32Array(8 * 1024 ** 2)
  for (let index = 0; index < words.length; index += 1) words[index] = (index + 5_294_309) % words.length
  let at = 0
  return nanoseconds(500_000, () => void (at = words[at] as number))
}

const best = (measure: () => number): number => Math.min(...Array.from({ length: ROUNDS }, measure))

const few = new Buckets(allowance, 0)
const fewNs = best(() => nanoseconds(1_000_000, (index) => decide(few, index & 63)))

const newNs = best(() => {
  const buckets = new Buckets(allowance, 0)
  return nanoseconds(MAX_KEYS, (index) => decide(buckets, index))
})
const longestMs = best(() => {
  const buckets = new Buckets(allowance, 0)
  return longest(MAX_KEYS, (index) => decide(buckets, index))
})

Bun.gc(true)
const before = process.memoryUsage.rss()
const full = new Buckets(allowance, 0)
for (let index = 0; index < MAX_KEYS; index += 1) decide(full, index)
Bun.gc(true)
const grown = (process.memoryUsage.rss() - before) / 1e6
const millionNs = best(() => nanoseconds(MAX_KEYS, (index) => decide(full, scattered(index))))
let next = MAX_KEYS
const evictingNs = best(() => nanoseconds(200_000, () => decide(full, next++)))

console.log(`64 keys: ${fewNs.toFixed(0)} ns a decision`)
console.log(
  `a million keys: ${millionNs.toFixed(0)} ns a decision, memory's own latency ${best(memoryNs).toFixed(0)} ns`,
)
console.log(
  `a new key: ${newNs.toFixed(0)} ns as it grows to a million, ${evictingNs.toFixed(0)} ns where another gives way`,
)
console.log(`the longest decision as it grows: ${longestMs.toFixed(2)} ms`)
console.log(`a million keys: ${(full.bytes / 1e6).toFixed(1)} MB, resident memory grown by ${grown.toFixed(1)} MB`)
