/**
 * The contract between SmartEdge and a source of one's own, a file that finds members of a pool wherever they are known: the
 * whole of it. Such a file runs in a thread of its own, and may take as long and block as it likes.
 */

/** What a source tells, whenever it likes; each call stands by itself. */
export interface OwnSink {
  /** All that are members now, never a change: each as among a pool's `backends`, a URL or an object with `url`, `weight` … */
  publish(members: readonly unknown[]): void
  /** What it published last still holds. */
  confirm(): void
  /** Nobody knows, just now; why, in words. What it published last stays. */
  lose(reason: string): void
}

export interface SourcePlugin<Options = unknown> {
  readonly apiVersion: 1
  /**
   * Checks the `options` of the config, undefined where there are none. Throws with what is wrong about them, in words.
   * Absent: there are none.
   */
  readonly parse?: (raw: unknown) => Options
  /**
   * Begins to tell, and goes on by itself. Called once in each thread; what it throws, or a promise of it rejects with, ends
   * the thread, and another begins some seconds later.
   */
  start(options: Options, sink: OwnSink): void | Promise<void>
}

/** Only adds inference: a plain object of that shape will do. */
export const defineSource = <Options = undefined>(plugin: SourcePlugin<Options>): SourcePlugin<Options> => plugin
