/** Hosts that are served for a while, besides those that the config names: `pr-123.example.org`. */

export interface Preview {
  /** Lower case, no wildcard. */
  readonly host: string
  /** Of its one backend, as in a members file. */
  readonly url: string
  /** Wall ms: it is over then. */
  readonly until: number
  /** Wall ms: when it was added, or added anew. */
  readonly at: number
  /** Who did, for people. */
  readonly origin: string
}

/** Times as RFC 3339. */
export interface PreviewView {
  readonly host: string
  readonly url: string
  readonly until: string
  readonly at: string
  readonly origin: string
  /** The configured route that has this host by now, in words, so that the preview is not served; null: none has. */
  readonly hiddenBy: string | null
}

export interface PreviewWish {
  readonly host: string
  readonly url: string
  readonly forMs: number
}

export type PreviewPut =
  | { readonly kind: 'added' | 'replaced'; readonly preview: PreviewView }
  /** Host or URL is none. */
  | {
      readonly kind: 'invalid'
      readonly key: 'host' | 'url'
      readonly rule: string
      readonly hint?: string | undefined
    }
  /** Another route has it, there are too many, or the edge refuses it. */
  | { readonly kind: 'refused'; readonly detail: string }

export interface AdminPreviews {
  /** In the order of their hosts. */
  list(): readonly PreviewView[]
  put(wish: PreviewWish, origin: string): Promise<PreviewPut>
  /** false: there is no such preview. */
  remove(host: string, origin: string): Promise<boolean>
}

/** At once. */
export const MOST_PREVIEWS = 100
