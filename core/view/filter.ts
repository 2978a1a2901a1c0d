/** Whether something is what somebody looks for. Pure. */

/** Whether every word of the filter occurs in one of the texts, in any case of letters. */
export function holdsWords(texts: readonly string[], filter: string): boolean {
  const text = texts.join(' ').toLowerCase()
  return filter
    .toLowerCase()
    .split(' ')
    .every((word) => text.includes(word))
}
