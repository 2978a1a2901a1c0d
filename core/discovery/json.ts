/** JSON that somebody else wrote, looked at without trust. */

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** undefined: it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** undefined: it is not JSON, or no object. */
export function parseObject(text: string): JsonObject | undefined {
  const value = parseJson(text)
  return isObject(value) ? value : undefined
}

/** undefined: it is not JSON, or no list. */
export function parseList(text: string): readonly unknown[] | undefined {
  const value = parseJson(text)
  return Array.isArray(value) ? value : undefined
}

/** Another object's part, empty where it is none. */
export const objectIn = (value: JsonObject, key: string): JsonObject => {
  const part = value[key]
  return isObject(part) ? part : {}
}

export const listIn = (value: JsonObject, key: string): readonly unknown[] => {
  const part = value[key]
  return Array.isArray(part) ? part : []
}

export const textIn = (value: JsonObject, key: string): string | undefined => {
  const part = value[key]
  return typeof part === 'string' ? part : undefined
}
