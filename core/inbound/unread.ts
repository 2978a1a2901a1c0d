/** What has been read of one client of HTTP/2 and waits for its turn, within what all of them may have so. */
import { inLine, LINE_BYTES, LINE_SHARE } from '../http2/memory.ts'
import { isLent, lend } from '../net/retained.ts'

/** What is read at once of who has to wait. */
const PLACE_BYTES = 2048
/** Used again and again: a thousand attackers would leave as much garbage as they send. Pages never touched cost nothing. */
const places = Buffer.allocUnsafeSlow(LINE_BYTES)
lend(places)
const free: number[] = []
/** Behind all that have ever been taken. */
let fresh = 0

function takePlace(): number | undefined {
  const place = free.pop()
  if (place !== undefined || fresh === places.length) return place
  fresh += PLACE_BYTES
  return fresh - PLACE_BYTES
}

export class Unread {
  private bytes: Buffer | undefined = undefined
  /** Where they lie; undefined: elsewhere. */
  private place: number | undefined = undefined

  get isThere(): boolean {
    return this.bytes !== undefined
  }

  /** Whether so many bytes may wait. */
  hasRoom(length: number): boolean {
    return length <= LINE_SHARE || inLine.hasRoom(length)
  }

  /** `bytes` come behind what is there; they may be the last of what was taken. */
  add(bytes: Buffer): void {
    inLine.bytes += bytes.length
    this.bytes = this.bytes === undefined ? this.keep(bytes) : Buffer.concat([this.bytes, bytes])
  }

  /** All of it, which waits no longer: valid until `release`. */
  take(): Buffer | undefined {
    const { bytes } = this
    inLine.bytes -= bytes?.length ?? 0
    this.bytes = undefined
    return bytes
  }

  /** What was taken has been read, but for what was added again. */
  release(): void {
    if (this.bytes !== undefined || this.place === undefined) return
    free.push(this.place)
    this.place = undefined
  }

  private keep(bytes: Buffer): Buffer {
    if (!isLent(bytes) || (this.place !== undefined && bytes.buffer === places.buffer)) return bytes
    this.place ??= bytes.length > PLACE_BYTES ? undefined : takePlace()
    if (this.place === undefined || bytes.length > PLACE_BYTES) return Buffer.from(bytes)
    bytes.copy(places, this.place)
    return places.subarray(this.place, this.place + bytes.length)
  }
}
