/** A field line of ours whose value comes from elsewhere, and so may hold anything. */

// oxlint-disable-next-line no-control-regex -- these are what is looked for
const NO_VALUE = /[\0-\x08\x0a-\x1f\x7f]/

/** `Name: value` with CRLF, one character a byte, text beyond ASCII as UTF-8; undefined: no field can hold that value (RFC 9110 5.5). */
export const fieldLine = (name: string, value: string): string | undefined =>
  NO_VALUE.test(value) ? undefined : `${name}: ${Buffer.from(value.trim(), 'utf8').toString('latin1')}\r\n`

/** The same of a value that is one character a byte already, as another message had it. */
export const byteLine = (name: string, value: string): string | undefined =>
  NO_VALUE.test(value) ? undefined : `${name}: ${value}\r\n`
