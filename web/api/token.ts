/** The token that somebody gave, for as long as this tab is open, and nowhere else. */

const key = 'smartedge-token'

/** undefined: none was given, or the browser keeps nothing. */
export function readToken(): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? kept
  } catch {
    return kept
  }
}

/** Where the browser keeps nothing. */
let kept: string | undefined

export function keepToken(token: string | undefined): void {
  kept = token
  try {
    if (token === undefined) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, token)
  } catch {
    // Kept until the page is loaded again.
  }
}

export const tokenFields = (): Readonly<Record<string, string>> => {
  const token = readToken()
  return token === undefined ? {} : { authorization: `Bearer ${fieldValueOf(token)}` }
}

/** No token has such characters, and no field may: one with a quotation mark pasted along is sent so, to be refused. */
const fieldValueOf = (token: string): string =>
  token.toWellFormed().replace(/[^!-~]+/g, (strange) => encodeURIComponent(strange))
