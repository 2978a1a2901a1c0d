/** Bodies that are longer than a route allows: refused by their head where it tells, else as soon as they have been too long. */
import { type Admission, ADMITTED, type Verdict } from './admission.ts'

/** `maxBytes`: of content, without the framing of chunks; 0 and up. */
export function bodySize(maxBytes: number): Admission {
  const detail = `a body may have at most ${maxBytes} bytes here`
  const refused: Verdict = { kind: 'refused', problem: { status: 413, detail }, reason: 'body' }
  return {
    admit({ client }, { fields }) {
      if (fields.contentLength > maxBytes) return refused
      if (fields.isChunked) client.limitBody(maxBytes)
      return ADMITTED
    },
  }
}
