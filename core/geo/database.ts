/**
 * A MaxMind database (.mmdb, format 2.0) as a source of locations. Its library is loaded only when one is configured.
 * The zone is the country's ISO code, else the continent's. Reads nested fields (MaxMind, DB-IP) and flat ones (IPinfo).
 */
import type { Reader, Response } from 'maxmind'
import { formatV4, parseIp } from '../ip/address.ts'
import { placeOf, type Location } from './location.ts'

export interface LocationDatabase {
  /** undefined when the address is not in it, or its record there is broken. */
  find(address: string): Location | undefined
}

/** Addresses kept decoded; a busy edge sees most of its clients again. */
const cachedAddresses = 10_000

/** Rejects with an Error that names the path, the fault, and what to do about it. */
export async function openDatabase(path: string): Promise<LocationDatabase> {
  const { open } = await import('maxmind')
  try {
    const reader = await open<Response>(path, { cache: { max: cachedAddresses } })
    // Opening reads only the metadata, at the end: walk the tree as well, so that a damaged file shows now.
    for (const address of ['192.0.2.1', '2001:db8::1']) reader.get(address)
    return { find: (address) => findIn(reader, address) }
  } catch (error) {
    throw new Error(`must be a readable .mmdb file, got ${path}: ${explain(error)}`, { cause: error })
  }
}

function findIn(reader: Reader<Response>, address: string): Location | undefined {
  const ip = parseIp(address)
  if (ip === undefined) return undefined
  try {
    // Not every database has the IPv4 part of its tree under ::ffff:0:0/96 too.
    const record = fieldsOf(reader.get(typeof ip === 'number' ? formatV4(ip) : address))
    return Object.keys(record).length === 0 ? undefined : { zone: zoneOf(record), place: findPlace(record) }
  } catch {
    return undefined
  }
}

function zoneOf(record: Fields): string | undefined {
  const country = [fieldsOf(record['country'])['iso_code'], record['country_code'], record['country']]
  const continent = [fieldsOf(record['continent'])['code'], record['continent_code'], record['continent']]
  return [...country, ...continent].find((code): code is string => typeof code === 'string' && code !== '')
}

function findPlace(record: Fields): Location['place'] {
  const location = fieldsOf(record['location'])
  return (
    placeOf(location['latitude'], location['longitude']) ??
    placeOf(record['latitude'], record['longitude']) ??
    placeOf(record['lat'], record['lng'])
  )
}

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {})

function explain(error: unknown): string {
  const code = fieldsOf(error)['code']
  if (code === 'ENOENT') return 'it does not exist; download a database, or take geo.database out of the config'
  if (typeof code === 'string') return `it cannot be read (${code}); check its permissions`
  const fault = error instanceof Error ? error.message : String(error)
  return `it is damaged or in another format (${fault}); download it again`
}
