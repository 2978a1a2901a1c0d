/** ETag and If-Match (RFC 9110 8.8.3, 13.1.1). Pure. */

/** As it stands in a field. */
export const entityTag = (tag: string): string => `"${tag}"`

/**
 * The one that what is changed has to be at, of an If-Match field: `current`, when it is among those listed; undefined: any
 * will do.
 */
export function matchOf(field: string | undefined, current: string | undefined): string | undefined {
  if (field === undefined || field.trim() === '*') return undefined
  const tags = field.split(',').map((tag) => tag.trim())
  const strong = tags.map((tag) => /^"(.*)"$/.exec(tag)?.[1] ?? '')
  return current !== undefined && strong.includes(current) ? current : (strong[0] ?? '')
}
