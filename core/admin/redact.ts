/** Takes secrets out of a configuration before anybody reads it. */

const secretName = /token|secret|password|passphrase|credential|api-?key|private-?key/i

/**
 * A copy in which every string or number under a name that sounds secret is `***`. Strategy options are free-form, so
 * the name is all there is to go by; what is absent stays absent, to tell "no token" from "a token".
 */
export function redactSecrets(value: unknown, name = ''): unknown {
  if (typeof value === 'string' || typeof value === 'number') return secretName.test(name) ? '***' : value
  if (Array.isArray(value)) return value.map((item) => redactSecrets(item, name))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactSecrets(item, key)]))
}
