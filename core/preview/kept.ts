/** Previews as a restart finds them. Read as of a stranger: an entry that is none, or over, is left out. */
import { MOST_PREVIEWS, type Preview } from './contract.ts'

const FORMAT = 1

export const renderPreviews = (previews: Iterable<Preview>): string =>
  `${JSON.stringify({ format: FORMAT, previews: [...previews] }, null, 2)}\n`

/** `now`: wall ms. Never throws. */
export function readPreviews(text: string | undefined, now: number): readonly Preview[] {
  const whole = parse(text)
  if (typeof whole !== 'object' || whole === null) return []
  const { format, previews } = whole as { format?: unknown; previews?: unknown }
  if (format !== FORMAT || !Array.isArray(previews)) return []
  return previews
    .filter(isPreview)
    .filter(({ until }) => until > now)
    .slice(0, MOST_PREVIEWS)
}

function isPreview(value: unknown): value is Preview {
  if (typeof value !== 'object' || value === null) return false
  const { host, url, origin, until, at } = value as Partial<Record<keyof Preview, unknown>>
  return [host, url, origin].every((one) => typeof one === 'string') && [until, at].every((one) => Number.isFinite(one))
}

function parse(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
