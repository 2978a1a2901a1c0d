/**
 * What happens to the process and its backends, for logs and watchers: one union, each variant with its own fields.
 * Per-request facts are not events; they are counters, histograms and (later) the access log.
 */
export type EdgeEvent =
  | { readonly kind: 'listening'; readonly listener: string; readonly address: string }
  | { readonly kind: 'admin-listening'; readonly address: string }
  | { readonly kind: 'ready'; readonly config: string | undefined; readonly pools: number; readonly backends: number }
  | { readonly kind: 'backend-up'; readonly pool: string; readonly backend: string; readonly detail: string }
  | { readonly kind: 'backend-down'; readonly pool: string; readonly backend: string; readonly detail: string }
  | { readonly kind: 'strategy-fault'; readonly pool: string; readonly strategy: string; readonly detail: string }
  /** Another strategy, or another version of its file, is asked from now on. */
  | { readonly kind: 'strategy-swapped'; readonly pool: string; readonly strategy: string; readonly detail: string }
  /** A strategy failed in traffic, and its last good version is back. */
  | { readonly kind: 'strategy-reverted'; readonly pool: string; readonly strategy: string; readonly detail: string }
  | { readonly kind: 'connection-limit'; readonly limit: number }
  | { readonly kind: 'draining'; readonly signal: string; readonly connections: number }
  | { readonly kind: 'stopped'; readonly cut: number }
  | { readonly kind: 'fault'; readonly detail: string }

/** Takes events; never throws, never blocks. */
export type Emit = (event: EdgeEvent) => void
