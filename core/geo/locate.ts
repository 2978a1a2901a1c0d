/**
 * Where a client is: from a trusted proxy's header, else the table in the config, else a MaxMind database. Zone and
 * place are looked for apart: a header that names a zone leaves the place to the next source that knows one.
 */
import type { GeoPolicy } from './policy.ts'
import { createBlockTable } from '../ip/blocks.ts'
import { openDatabase } from './database.ts'
import { placeOf, type Location } from './location.ts'

export interface Locator {
  /** `header`: the field's value when a trusted proxy sent it. About 1 µs at most; never throws. */
  readonly find: (address: string, header: string | undefined) => Location
}

/** Rejects with an Error that names the database's path when it cannot be used, or the entry that is no CIDR block. */
export async function createLocator(policy: GeoPolicy): Promise<Locator> {
  const table = createBlockTable(policy.table.map(({ cidr, zone, place }) => ({ block: cidr, value: { zone, place } })))
  const database = policy.database === undefined ? undefined : await openDatabase(policy.database)
  return {
    find(address, header) {
      const said = header === undefined ? nowhere : readHeader(header)
      if (isComplete(said)) return said
      const listed = merge(said, table.find(address))
      return isComplete(listed) ? listed : merge(listed, database?.find(address))
    },
  }
}

const nowhere: Location = { zone: undefined, place: undefined }

const isComplete = ({ zone, place }: Location): boolean => zone !== undefined && place !== undefined

function merge(first: Location, second: Location | undefined): Location {
  return second === undefined ? first : { zone: first.zone ?? second.zone, place: first.place ?? second.place }
}

/** `latitude,longitude`, else the name of a zone as the config allows them; anything else says nothing. */
function readHeader(value: string): Location {
  const text = value.trim()
  const pair = /^(-?\d{1,3}(?:\.\d{1,15})?)\s*,\s*(-?\d{1,3}(?:\.\d{1,15})?)$/.exec(text)
  if (pair !== null) return { zone: undefined, place: placeOf(pair[1], pair[2]) }
  return { zone: /^[\x20-\x7e]{1,64}$/.test(text) ? text : undefined, place: undefined }
}
