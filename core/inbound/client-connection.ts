/** What a listener knows of each of its clients' connections, whatever it speaks. */
import type { Wire } from '../net/wire.ts'

export interface ClientConnection {
  readonly wire: Wire
  /** What passes is not HTTP. */
  readonly isTunnel: boolean
  /** It is to end as soon as that costs nobody anything. */
  letGo(): void
}
