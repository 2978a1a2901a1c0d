/** What the JSON Schemas of the API's answers are made of. */

export const text = { type: 'string' } as const
export const number = { type: 'number' } as const
export const count = { type: 'integer', minimum: 0 } as const
export const truth = { type: 'boolean' } as const
export const time = { type: 'string', format: 'date-time' } as const

export const list = (items: object) => ({ type: 'array', items })
export const nullOr = (schema: object) => ({ anyOf: [schema, { type: 'null' }] })

/** Every property required but those named, none besides them unless a later version adds some. */
export const object = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []) => ({
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
})
