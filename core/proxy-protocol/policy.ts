/** From whom a listener takes PROXY headers, as the config says it. */
export interface ProxyPolicy {
  /** IP addresses, CIDR blocks and `unix:`; undefined: whoever connects must send one. */
  readonly from: readonly string[] | undefined
  /** What becomes of others: they are closed, or clients without a header. */
  readonly others: 'refuse' | 'plain'
  /** For how long a header may be on its way. */
  readonly timeoutMs: number
}
