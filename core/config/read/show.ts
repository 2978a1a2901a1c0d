/** How texts are shown in problems: in one line, no secrets, whatever a file or a request holds. Pure. */

/** A password in a URL is a secret, however the URL is mistyped. */
export const withoutPassword = (text: string): string => text.replace(/^.*@/s, '…@')

/** Quoted. */
export const showText = (text: string): string => quote(withoutPassword(text))

/** Shortened. Control characters, line separators and direction marks are escaped, so that nobody can forge a line on a terminal. */
export function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text
  return JSON.stringify(shown).replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, escape)
}

const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
