/** Where the admin API has pools and their members. Pure. */

export const poolPath = (pool: string): string => `/api/pools/${encodeURIComponent(pool)}`

/** Of all members of a pool. */
export const backendsPath = (pool: string): string => `${poolPath(pool)}/backends`

export const backendPath = (pool: string, id: string): string => `${backendsPath(pool)}/${encodeURIComponent(id)}`
