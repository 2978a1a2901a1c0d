/** Which full names a short one may stand for, by the `search` and `options ndots:` lines of resolv.conf(5). */

export interface SearchPolicy {
  readonly domains: readonly string[]
  /** A name with this many dots is asked for as it stands first. */
  readonly ndots: number
}

/** What old systems read at most; Kubernetes writes three to six. */
const MAX_DOMAINS = 32
const MAX_NDOTS = 15

/** The last `search` or `domain` line counts. Name servers are the resolver's own affair. */
export function parseSearch(text: string): SearchPolicy {
  let domains: string[] = []
  let ndots = 1
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/)
    if (keyword === 'search') domains = words.slice(0, MAX_DOMAINS)
    else if (keyword === 'domain') domains = words.slice(0, 1)
    else if (keyword === 'options') ndots = readNdots(words) ?? ndots
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, '')).filter((domain) => domain !== ''), ndots }
}

function readNdots(options: readonly string[]): number | undefined {
  const written = options.findLast((option) => /^ndots:\d+$/.test(option))
  return written === undefined ? undefined : Math.min(MAX_NDOTS, Number(written.slice('ndots:'.length)))
}

/** The names to ask for, one after the other until one is found. A dot at the end makes a name full. */
export function fullNames(host: string, { domains, ndots }: SearchPolicy): readonly string[] {
  if (host.endsWith('.')) return [host.slice(0, -1)]
  const searched = domains.map((domain) => `${host}.${domain}`)
  return host.split('.').length - 1 >= ndots ? [host, ...searched] : [...searched, host]
}
