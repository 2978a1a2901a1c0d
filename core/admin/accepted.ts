/** What a list of what is accepted says: Accept, Accept-Encoding (RFC 9110 12.5.1, 12.5.3). */

export interface Accepted {
  /** In small letters, as its parameters. */
  readonly name: string
  /** Of a media type; undefined: any. */
  readonly version: string | undefined
  /** 0..1; 0: not at all. */
  readonly quality: number
}

/** `list`: the field's value; undefined: it was not sent, which is read as an empty one. */
export const readAccepted = (list: string | undefined): readonly Accepted[] =>
  (list ?? '').toLowerCase().split(',').map(readOne)

/** Whether it is named there, and not with a weight of 0. */
export const accepts = (list: string | undefined, wanted: string): boolean =>
  readAccepted(list).some(({ name, quality }) => name === wanted && quality > 0)

function readOne(text: string): Accepted {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim())
  const valueOf = (key: string): string | undefined =>
    parameters.find((parameter) => parameter.startsWith(`${key}=`))?.slice(key.length + 1)
  const quality = Number(valueOf('q') ?? 1)
  return { name, version: valueOf('version'), quality: quality >= 0 && quality <= 1 ? quality : 0 }
}
