/**
 * `bun socket-process.ts Bun|epoll`: has sockets twice, with none in between, says what it heard and ends by itself when
 * the last of them has gone.
 */
import { fail } from './fail.ts'
import { connectTo } from './raw-client.ts'
import { Ear } from './socket-rig.ts'
import { transportOf } from './transports.ts'
import { ALWAYS_ROOM, PLAIN } from '../../core/net/transport.ts'

const transport = transportOf(process.argv[2] ?? '')

async function round(text: string): Promise<void> {
  const heard = Promise.withResolvers<Ear>()
  const bound = transport.bindHost({ kind: 'tcp', host: '127.0.0.1', port: 0 }, PLAIN, {
    ...ALWAYS_ROOM,
    onAccepted: (socket) => heard.resolve(new Ear(socket)),
    onShortage: () => false,
    reportFault: fail,
  })
  const peer = await connectTo(bound.address.kind === 'tcp' ? bound.address.port : 0)
  const ear = await heard.promise
  peer.send(text)
  await ear.untilText(text)
  ear.socket.end()
  await peer.expectClosed()
  bound.stop()
  process.stdout.write(`${ear.text}\n`)
}

await round('first')
// Nothing of ours is open for as long.
await new Promise((resolve) => setTimeout(resolve, 5))
await round('second')
process.on('exit', () => process.stdout.write('over\n'))
