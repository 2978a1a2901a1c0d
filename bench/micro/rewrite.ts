/** Cost of reading a request head and writing the one that a backend gets. Run: `bun bench/micro/rewrite.ts`. */
import { bench, do_not_optimize, run, summary } from 'mitata'
import { requestIds } from '../../core/forward/request-id.ts'
import { forwardedForLines } from '../../core/forward/client-lines.ts'
import { requestHeadRoom, type RequestRewrite, writeRequestHead } from '../../core/forward/rewrite-request.ts'
import { RequestHead } from '../../core/http1/request-head.ts'
import { seededRandom } from '../../core/random.ts'
import { profiles, renderRequest } from '../profile.ts'

const limits = { maxHeadBytes: 65_536, maxTargetBytes: 16_384, maxFields: 256 }
const head = new RequestHead(limits.maxFields)
const rewrite: RequestRewrite = {
  client: { address: '127.0.0.1', isTrusted: false, scheme: 'http', forwardedFields: forwardedForLines('127.0.0.1') },
  backendHost: '127.0.0.1:8081',
  isUpgrade: false,
  hiddenCookie: undefined,
  writeRequestId: requestIds(seededRandom(1)),
}
const out = Buffer.alloc(65_536)

/** Writing marks lines of the head, so each round reads it anew. */
function forward(bytes: Buffer): number {
  head.parse(bytes, 0, bytes.length, limits)
  if (requestHeadRoom(head, rewrite) > out.length) throw new Error('no room for the head')
  return writeRequestHead(out, 0, head, rewrite)
}

summary(() => {
  for (const name of ['headers-2', 'headers-13', 'headers-40']) {
    const profile = profiles[name]
    if (profile === undefined) throw new Error(`no profile ${name}`)
    const bytes = renderRequest(profile, '127.0.0.1:8080', { close: false, path: '/api/items', id: 42 })
    bench(`${profile.requestFields} fields, ${bytes.length} B`, () => do_not_optimize(forward(bytes)))
  }
})

await run()
