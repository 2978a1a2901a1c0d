/** Writes content as a chunk of a body (RFC 9112 7.1). */
import { CHUNK_END, chunkStart } from '../http1/trailers.ts'
import type { Wire } from '../net/wire.ts'

/** None for no bytes: that would be the last one. `bytes` are given away as `Wire.write` says. */
export function writeChunk(wire: Wire, bytes: Buffer, start: number, end: number): void {
  if (start === end) return
  const size = chunkStart(end - start)
  wire.write(size, 0, size.length)
  wire.write(bytes, start, end)
  wire.write(CHUNK_END, 0, CHUNK_END.length)
}
