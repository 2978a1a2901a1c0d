/** The streams that were reset by us last: what their peer had sent by then is on its way, and no fault of its own (RFC 9113 5.1). */

/** More than may be under way: with as many open at once as we allow, and some that were refused. */
const REMEMBERED = 512

export class ClosedStreams {
  private readonly ids = new Set<number>()

  add(streamId: number): void {
    this.ids.add(streamId)
    if (this.ids.size <= REMEMBERED) return
    const [oldest] = this.ids
    if (oldest !== undefined) this.ids.delete(oldest)
  }

  has(streamId: number): boolean {
    return this.ids.has(streamId)
  }
}
