/** Answers whose length is known beforehand and told in their head: all but streams. */

type Fields = Readonly<Record<string, string>>

export function whole(text: string, status: number, fields: Fields): Response {
  const bytes = new TextEncoder().encode(text)
  return new Response(bytes, { status, headers: { ...fields, 'content-length': String(bytes.length) } })
}

export const json = (body: unknown, status = 200, fields: Fields = {}): Response =>
  whole(`${JSON.stringify(body)}\n`, status, { 'content-type': 'application/json', ...fields })
