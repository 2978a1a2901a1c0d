/** How a client is located: what a config says of it. */

/** What the client's zone and place are read from, in this order: header, table, database. */
export interface GeoPolicy {
  /** A field that a trusted proxy sets to a zone name or to `latitude,longitude`; ignored from other peers. */
  readonly header: string | undefined
  readonly table: readonly {
    readonly cidr: string
    readonly zone: string | undefined
    readonly place: { readonly latitude: number; readonly longitude: number } | undefined
  }[]
  /** Path of an `.mmdb` file. */
  readonly database: string | undefined
}
