/** How a node follows the source of its config, as the admin API tells it: plain JSON, times as ISO 8601. A public format. */
export interface FleetStatus {
  /** Without credentials. */
  readonly source: string
  /** What this node is called among the others. */
  readonly node: string
  /** `waiting`: it has not been heard since the start. */
  readonly presence: 'waiting' | 'present' | 'away'
  /** Since when and why it cannot be had; null: it can. */
  readonly away: { readonly since: string; readonly reason: string } | null
  /** In force; null: nobody has numbered it. */
  readonly generation: number | null
  /** When that came into force here. */
  readonly since: string
  /** What the source holds, and for which share of its nodes; null: it has not been heard. */
  readonly offered: { readonly generation: number | null; readonly percent: number } | null
  /** `waiting`: what it holds is for other nodes first. `refused`: it was tried, and the one before stays. */
  readonly state: 'current' | 'waiting' | 'refused'
  /** Why it was refused, the first of its problems; null: it was not. */
  readonly reason: string | null
}

/** What a node writes of itself beside its source. Only what changes seldom. */
export interface NodeRecord {
  readonly name: string
  /** Of its admin API, else of a listener, whichever others reach. */
  readonly address: string
  readonly version: string
  readonly generation: number | null
  /** When that came into force there. */
  readonly since: string
  /** The newest generation that it has seen; null: none, or nobody has numbered it. */
  readonly offered: number | null
  readonly state: FleetStatus['state']
  /** Why it was refused; null: it was not. */
  readonly reason: string | null
  /** `ready`, or why it is not. */
  readonly health: string
}
