/** What an answer of the API is to the page. */

/** What came of asking the API. */
export type ApiAnswer =
  | { readonly kind: 'ok'; readonly body: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly body: unknown }
  | { readonly kind: 'unreachable'; readonly reason: string }
