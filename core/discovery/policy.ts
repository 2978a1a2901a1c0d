/** Where a pool's members are found, as the config says it: parsed, every default filled in. */

export type SourcePolicy = FilePolicy

/** One of a pool's `discovery`. */
export interface DiscoveryPolicy {
  readonly source: SourcePolicy
  /** How long a list that has lost more than half of its members at once is held back; undefined: not at all. */
  readonly guardMs: number | undefined
}

export interface FilePolicy {
  readonly kind: 'file'
  /** Absolute. */
  readonly path: string
}

/** What status, metrics and events call it: nothing that is secret, and short. Two of a pool may be called alike. */
export function sourceName(source: SourcePolicy): string {
  switch (source.kind) {
    case 'file':
      return `file ${source.path}`
  }
}
