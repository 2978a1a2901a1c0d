/** Texts in JSON and logs, of ASCII alone. */

/** Nothing that would end a text between quotation marks, or stand there as anything but itself. */
export const HARMLESS = /^[ !#-[\]-~]*$/

/** `text` in JSON behind `start`, in one go: what is not ASCII stands as an escape. */
export function asciiJson(text: string, start = ''): string {
  if (HARMLESS.test(text)) return `${start}"${text}"`
  return start + JSON.stringify(text).replace(/[\x7f-\uffff]/g, asEscape)
}

const asEscape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
