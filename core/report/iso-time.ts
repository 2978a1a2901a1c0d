/** Wall time as it is told: ISO 8601, to the millisecond, in UTC. */

export const isoTime = (wallMs: number): string => new Date(wallMs).toISOString()
