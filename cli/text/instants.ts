/** Instants as tables have them: of RFC 3339, in UTC. Pure. */

/** `2026-11-27 03:15` */
export const minuteOf = (instant: string): string => instant.slice(0, 16).replace('T', ' ')

/** `2026-11-27 03:15:59` */
export const secondOf = (instant: string): string => instant.slice(0, 19).replace('T', ' ')
