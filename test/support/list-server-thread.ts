/** A list server in a thread of its own: tells its URL, and lists as many members as it is told, of a network. */
import { startListServer } from './list-server.ts'

export interface Wanted {
  readonly net: number
  readonly count: number
}

declare const self: Worker

const server = startListServer()
self.addEventListener('message', ({ data: { net, count } }: MessageEvent<Wanted>) =>
  server.list(Array.from({ length: count }, (_, index) => `http://10.${net}.${index >> 8}.${index & 255}:80`)),
)
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows, this is a worker
self.postMessage(server.url)
