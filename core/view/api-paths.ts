/** Where the admin API has pools and their members, clients and plans, certificates. Pure. */

export const poolPath = (pool: string): string => `/api/pools/${encodeURIComponent(pool)}`

/** Of all deploys of a pool. */
export const deploysPath = (pool: string): string => `${poolPath(pool)}/deploys`

/** Of all members of a pool. */
export const backendsPath = (pool: string): string => `${poolPath(pool)}/backends`

export const backendPath = (pool: string, id: string): string => `${backendsPath(pool)}/${encodeURIComponent(id)}`

export const previewsPath = '/api/previews'

export const previewPath = (host: string): string => `${previewsPath}/${encodeURIComponent(host)}`

export const clientsPath = '/api/clients'

export const clientPath = (id: string): string => `${clientsPath}/${encodeURIComponent(id)}`

export const plansPath = '/api/plans'

export const planPath = (name: string): string => `${plansPath}/${encodeURIComponent(name)}`

export const certificatesPath = '/api/certificates'

export const certificatePath = (name: string): string => `${certificatesPath}/${encodeURIComponent(name)}`
