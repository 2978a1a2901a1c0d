/** Text that fits a width, in characters as a terminal counts them; a width of undefined fits all. Pure. */

/** Code points are near enough: ids are ASCII, and a wide zone name moves its own line only. */
export function widthOf(text: string): number {
  let width = 0
  for (const _ of text) width += 1
  return width
}

/** Lines of as many parts as fit, at least one each; those behind the first are set in. */
export function packParts(parts: readonly string[], joint: string, width: number | undefined): string[] {
  const lines: string[] = []
  for (const part of parts) {
    const last = lines.at(-1)
    const joined = last === undefined ? undefined : `${last}${joint}${part}`
    if (joined !== undefined && (width === undefined || widthOf(joined) <= width)) lines[lines.length - 1] = joined
    else lines.push(last === undefined ? part : `  ${part}`)
  }
  return lines
}

/** Breaks between words; a word that is longer than a line has one of its own. */
export const wrapWords = (text: string, width: number | undefined): string[] => packParts(text.split(' '), ' ', width)

/** Without its middle, as names of one kind differ at their ends, in their pools and in their ports: `local…:8101`. */
export function cutMiddle(text: string, width: number, ellipsis: string): string {
  const characters = Array.from(text)
  if (characters.length <= width) return text
  const room = Math.max(0, width - widthOf(ellipsis))
  const front = Math.floor(room / 2)
  return [...characters.slice(0, front), ellipsis, ...characters.slice(characters.length - (room - front))].join('')
}
