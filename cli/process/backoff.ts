/** How long to wait before a process that died is started again: not at all, unless it dies as soon as it is started. */

/** What has lived as long as this died of something else than its start. */
const soundMs = 10_000
/** So many quick deaths in a row may be chance; a process that hangs and is ended needs a second start at once. */
const freeDeaths = 2
const firstMs = 1000
const longestMs = 30_000

export class Backoff {
  private quickDeaths = 0

  /** ms to wait after a process has died that lived for `livedMs`. */
  next(livedMs: number): number {
    this.quickDeaths = livedMs < soundMs ? this.quickDeaths + 1 : 1
    if (this.quickDeaths <= freeDeaths) return 0
    return Math.min(longestMs, firstMs * 2 ** (this.quickDeaths - freeDeaths - 1))
  }
}
