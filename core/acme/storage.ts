/**
 * Where accounts, certificates and what was tried are kept: texts by key, in a folder of this machine or in what the nodes
 * of a fleet share. Each rejects with an Error in words while it cannot be had.
 */

export interface Storage {
  /** In words, for whoever asks where it is. */
  readonly place: string
  /** Other nodes use it, too. */
  readonly isShared: boolean
  /** undefined: there is none. */
  read(key: string): Promise<string | undefined>
  /** At once: nobody sees half of it. */
  write(key: string, text: string): Promise<void>
  remove(key: string): Promise<void>
  /** Names of those below `folder/`, without it. */
  list(folder: string): Promise<readonly string[]>
  /** Ours alone until it is let go, or `LOCK_MS` at most; undefined: it is somebody else's. */
  lock(key: string): Promise<(() => Promise<void>) | undefined>
  /** From then on it keeps no connection, whatever is still asked of it. */
  end(): void
}

/** Longer than an order may take; a node that dies with a lock keeps others from ordering for as long. */
export const LOCK_MS = 20 * 60_000

/** The file of a certificate: `example.org.pem`, `_.example.org.pem` for a wildcard. */
export const fileOf = (name: string): string => name.replace('*', '_')
export const nameOf = (file: string): string => file.replace('_', '*')
