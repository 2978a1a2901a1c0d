/**
 * What a small request costs without the kernel, and what it leaves to be collected: an edge on sockets that do nothing, 64
 * clients and a backend that answers at once. `bun bench/micro/request.ts`; `--with '{ "explain": {} }'` puts more into the
 * configuration, so that what that costs shows; `--profile headers-13`: with more fields. See `silent-edge.ts`.
 */
import { parseArgs } from 'node:util'
import { profiles, renderRequest, renderResponse } from '../profile.ts'
import { deliver, lentPieceOf, measureRounds, pieceOf, SilentSocket, startSilentEdge } from './silent-edge.ts'

const CLIENTS = 64
const { values: options } = parseArgs({
  options: { with: { type: 'string', default: '{}' }, profile: { type: 'string', default: 'headers-2' } },
})
const profile = profiles[options.profile]
if (profile === undefined) throw new Error(`no profile ${options.profile}`)
const request = renderRequest(profile, '127.0.0.1:8080', { close: false, path: '/some/path', id: 0 })
const response = renderResponse(profile)

/** Sockets to the backend that have been sent a request. */
const asked: SilentSocket[] = []
let answered = 0

const edge = await startSilentEdge(JSON.parse(options.with) as object, (socket) => void asked.push(socket))
const clients = Array.from({ length: CLIENTS }, () => new SilentSocket(() => void (answered += 1)))
for (const client of clients) edge.accept(client)

/** Each client asks, then each is answered. */
function round(): void {
  for (const client of clients) deliver(pieceOf(request), client)
  for (let socket = asked.pop(); socket !== undefined; socket = asked.pop()) deliver(lentPieceOf(response), socket)
}

round()
await Bun.sleep(10)
if (answered === 0) round()
await measureRounds({ round, answered: () => answered })
edge.kill()
process.exit(0)
