/** What admission has to say to the client, in the head of a response that a backend gave. */
import type { Pass } from '../admission/pass.ts'
import { markNames } from '../forward/forwarded-fields.ts'
import type { ResponseHead } from '../http1/response-head.ts'

/** Spoils `head` for other use than being sent. */
export function tellClient(head: ResponseHead, { responseDrops, responseLines }: Pass): void {
  if (responseDrops !== undefined && responseDrops.length > 0) markNames(head.fields, responseDrops)
  if (responseLines === undefined || responseLines === '') return
  const lines = Buffer.from(responseLines, 'latin1')
  head.added = head.added.length === 0 ? lines : Buffer.concat([head.added, lines])
}
