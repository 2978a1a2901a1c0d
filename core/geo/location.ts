/** What may be known of where a client is, and the one reading of coordinates. */

export interface Location {
  readonly zone: string | undefined
  /** Degrees: latitude -90..90, longitude -180..180. */
  readonly place: { readonly latitude: number; readonly longitude: number } | undefined
}

/** Numbers, or their text as some databases and headers hold it; undefined when either is missing or out of range. */
export function placeOf(latitude: unknown, longitude: unknown): Location['place'] {
  const place = { latitude: degrees(latitude), longitude: degrees(longitude) }
  const isOnEarth = Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180
  return isOnEarth ? place : undefined
}

function degrees(value: unknown): number {
  if (typeof value === 'number') return value
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
}
