/** Files with one entry a line: `#` begins a comment, as the first character of a line or behind white space. */

export interface ReadLines {
  /** Names the file in errors. */
  readonly path: string
  readonly text: string
  /** Lets others go on: awaited every few thousand lines, since whoever waits for an answer waits for this, too. */
  readonly pause: () => Promise<void>
}

/** About a millisecond's worth. */
const LINES_AT_ONCE = 2000

/** More mistakes than these are not told: it is another kind of file, most likely. */
const MAX_FAULTS = 5

/**
 * Hands each entry to `take`, trimmed. What it throws rejects, a line for each, with `path:line:column: ` before it.
 */
export async function readLines({ path, text, pause }: ReadLines, take: (entry: string) => void): Promise<void> {
  const faults: string[] = []
  let number = 0
  for (let start = 0; start < text.length && faults.length < MAX_FAULTS; number += 1) {
    if (number > 0 && number % LINES_AT_ONCE === 0) await pause()
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    const entry = withoutComment(text.slice(start, end))
    start = end + 1
    if (entry === '') continue
    try {
      take(entry)
    } catch (error) {
      faults.push(`${path}:${number + 1}:1: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

const withoutComment = (line: string): string => line.replace(/(^|\s)#.*$/s, '').trim()
