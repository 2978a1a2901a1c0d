/** Numbers and times as the screens show them: short, of steady width, never NaN. Pure. */

/** `0`, `7.3`, `845`, `12.3k`, `4.56M`. */
export function rate(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (value >= 999_950) return `${digits(value / 1e6)}M`
  if (value >= 9999.5) return `${digits(value / 1e3)}k`
  if (value >= 99.5) return String(Math.round(value))
  return value === 0 ? '0' : value.toFixed(1)
}

/** `0 %`, `0.4 %`, `48 %`; what is not quite nothing is never called that. */
export function percent(ratio: number): string {
  if (!Number.isFinite(ratio)) return '-'
  const value = ratio * 100
  if (value === 0) return '0 %'
  if (value < 0.1) return '<0.1 %'
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} %`
}

/** `0.41ms`, `12.3ms`, `1.20s`; a dash for nothing. */
export function latency(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '-'
  return ms >= 999.5 ? `${digits(ms / 1000)}s` : `${digits(ms)}ms`
}

/** `0`, `845`, `12.3K`, `4.56M`: of 1024 each. */
export function bytes(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const power = value < 1000 ? 0 : Math.min(4, Math.floor(Math.log(value * 1.024) / Math.log(1024)))
  return power === 0 ? String(Math.round(value)) : digits(value / 1024 ** power) + 'KMGT'.charAt(power - 1)
}

/** Three digits. */
export const digits = (value: number): string => value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)

/** `14:03:59`, in the viewer's zone. */
export function clockTime(wallMs: number): string {
  const date = new Date(wallMs)
  if (Number.isNaN(date.getTime())) return '--:--:--'
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}

/** `10 s`, `1 min`, `15 min`. */
export const span = (seconds: number): string => (seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`)
