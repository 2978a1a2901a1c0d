/** Text on a terminal: colours when wanted, and nothing that a stranger's bytes could do to it. */

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
}

/** `text` as it is unless `color`. */
export function paint(text: string, style: Style, color: boolean): string {
  const [on, off] = codes[style]
  return color && text !== '' ? `\u001B[${on}m${text}\u001B[${off}m` : text
}

/** Begins a screen anew, and leaves nothing to scroll back to. */
export const clearScreen = '\u001B[H\u001B[2J\u001B[3J'

/** One line without control characters (escape sequences among them) and direction overrides. */
export const printable = (text: string): string => text.replaceAll(unprintable, ' ').trim()

const unprintable = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]+/gu

/** The same in as many columns as it was laid out for. */
export const printableInPlace = (text: string): string =>
  text.replaceAll(unprintable, (characters) => ' '.repeat(characters.length))
