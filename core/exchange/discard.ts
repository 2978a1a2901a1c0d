/**
 * Throws a response away, its head already read: to its end where that is near, so that the connection can serve again;
 * else the connection is given up.
 */
import type { BodyKind } from '../http1/framing.ts'
import type { TimerWheel } from '../net/timer-wheel.ts'
import type { BackendStream, ResponseSink } from '../stream/backend-stream.ts'
import { Alarm } from './alarm.ts'

/** About what a connection is worth: a new one costs as much as reading this. */
const MAX_BYTES = 64 * 1024
const MAX_MS = 1000

/** To be called in the event that brought the head; `body`: how what follows is delimited. */
export function discardResponse(stream: BackendStream, body: BodyKind, wheel: TimerWheel): void {
  if (body === 'until-close') stream.abort()
  else stream.sink = new Discard(stream, wheel)
}

class Discard implements ResponseSink {
  private readonly stream: BackendStream
  private readonly alarm: Alarm
  private bytes = 0

  constructor(stream: BackendStream, wheel: TimerWheel) {
    this.stream = stream
    this.alarm = new Alarm(wheel, MAX_MS, () => stream.abort())
  }

  onBody(_bytes: Buffer, start: number, end: number): void {
    this.bytes += end - start
    if (this.bytes <= MAX_BYTES) return
    this.alarm.cancel()
    this.stream.abort()
  }

  onResponseEnd(): void {
    this.alarm.cancel()
  }

  onFailure(): void {
    this.alarm.cancel()
  }

  onMoved(): void {}

  onConnected(): void {}

  onInterim(): void {}

  onResponse(): void {}

  onBackendBlocked(): void {}
}
