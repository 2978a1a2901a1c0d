/** The token that somebody gave, for as long as this tab is open, and nowhere else. */

const key = 'smartedge-token'

/** undefined: none was given, or the browser keeps nothing. */
export function readToken(): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined
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
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}
