/** Tells apart what is told alike, since no two samples of a metric may have the same labels. */

/** `a`, `a #2`, `a #3` for the first, second and third of that name `within` a place. */
export function uniqueNames(): (name: string, within?: string) => string {
  const told = new Map<string, number>()
  return (name, within = '') => {
    const key = `${within} ${name}`
    const times = (told.get(key) ?? 0) + 1
    told.set(key, times)
    return times === 1 ? name : `${name} #${times}`
  }
}
