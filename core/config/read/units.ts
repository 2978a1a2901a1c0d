/** Durations and sizes as people write them ("500ms", "64KiB") <-> ms and bytes. Pure; never throws. */

const msPerUnit: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])
const bytesPerUnit: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
])

/** A whole or decimal number (at most 15 digits before the point) with its unit right behind it. */
const quantity = /^(\d{1,15}(?:\.\d{1,6})?)([A-Za-z]+)$/

/** `"1.5s"` -> 1500; undefined when it is none, or no whole number of milliseconds. */
export const parseDurationMs = (text: string): number | undefined => parseQuantity(text, msPerUnit)

/** `"64KiB"` -> 65536; undefined when it is none, or no whole number of bytes. */
export const parseSizeBytes = (text: string): number | undefined => parseQuantity(text, bytesPerUnit)

/** The shortest exact form: 90000 -> `"90s"`, 3600000 -> `"1h"`. `ms` must be whole and >= 0. */
export const formatDuration = (ms: number): string => formatQuantity(ms, msPerUnit)

/** The shortest exact form: 65536 -> `"64KiB"`. `bytes` must be whole and >= 0. */
export const formatSize = (bytes: number): string => formatQuantity(bytes, bytesPerUnit)

function parseQuantity(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const [, digits, unit] = quantity.exec(text) ?? []
  const factor = units.get(unit ?? '')
  if (digits === undefined || factor === undefined) return undefined
  const value = Number(digits) * factor
  return Number.isSafeInteger(value) ? value : undefined
}

function formatQuantity(value: number, units: ReadonlyMap<string, number>): string {
  let shown = ''
  for (const [unit, factor] of units) {
    if (shown === '' || (value > 0 && value % factor === 0)) shown = `${value / factor}${unit}`
  }
  return shown
}
