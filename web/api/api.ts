/** Asks the admin API that the page came from. */
import type { ApiAnswer } from '../state/answer.ts'
import { fieldsOf, textOf } from '../state/untyped.ts'
import { tokenFields } from './token.ts'

interface ApiRequest {
  readonly method: string
  /** Below the page's address; begins with a slash. */
  readonly path: string
  readonly body?: object
}

const patienceMs = 20_000

/** Never rejects. */
export async function askApi({ method, path, body }: ApiRequest): Promise<ApiAnswer> {
  let response: Response
  try {
    response = await fetch(`.${path}`, {
      method,
      headers: {
        ...tokenFields(),
        // Asked for even where there is no body: no form of a web page can send it.
        ...(method !== 'GET' && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMs),
    })
  } catch {
    return { kind: 'unreachable', reason: 'the balancer does not answer' }
  }
  return await readAnswer(response)
}

/** Reads all of it. Never rejects. */
export async function readAnswer(response: Response): Promise<ApiAnswer> {
  const { ok, status } = response
  try {
    const body: unknown = await response.json()
    if (ok) return { kind: 'ok', body }
    const detail = textOf(fieldsOf(body)['detail'])
    return { kind: 'refused', status, reason: detail === '' ? `it answered ${status}` : detail, body }
  } catch {
    return { kind: 'refused', status, reason: `it answered ${status}, and no JSON`, body: undefined }
  }
}
