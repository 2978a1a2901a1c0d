/** What has been read of one client of HTTP/2 and waits for its turn, within what all of them may have so. */
import { inLine, LINE_SHARE } from '../http2/memory.ts'
import { retained } from '../net/retained.ts'

export class Unread {
  private bytes: Buffer | undefined = undefined

  get isThere(): boolean {
    return this.bytes !== undefined
  }

  /** Whether so many bytes may wait. */
  hasRoom(length: number): boolean {
    return length <= LINE_SHARE || inLine.hasRoom(length)
  }

  /** `bytes` come behind what is there. */
  add(bytes: Buffer): void {
    inLine.bytes += bytes.length
    this.bytes = this.bytes === undefined ? retained(bytes) : Buffer.concat([this.bytes, bytes])
  }

  /** All of it, which waits no longer. */
  take(): Buffer | undefined {
    const { bytes } = this
    inLine.bytes -= bytes?.length ?? 0
    this.bytes = undefined
    return bytes
  }
}
