/** The streams that were reset by us last: what their peer had sent by then is on its way, and no fault of its own (RFC 9113 5.1). */

/** More than may be under way: with as many open at once as we allow, and some that were refused. */
const REMEMBERED = 512
const FIRST = 8
const NONE = new Int32Array(0)

export class ClosedStreams {
  /** A ring, as large as it has had to be. */
  private ids = NONE
  private next = 0

  add(streamId: number): void {
    if (this.next === this.ids.length) this.makeRoom()
    this.ids[this.next] = streamId
    this.next += 1
  }

  has(streamId: number): boolean {
    return this.ids.includes(streamId)
  }

  private makeRoom(): void {
    this.next = this.ids.length < REMEMBERED ? this.ids.length : 0
    if (this.next === 0 && this.ids.length > 0) return
    const larger = new Int32Array(Math.max(FIRST, 2 * this.ids.length))
    larger.set(this.ids)
    this.ids = larger
  }
}
