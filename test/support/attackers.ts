/** Plays an attack over many connections at once; whoever is thrown out comes again, within a rate. */
import type { Attack } from './http2-attacks.ts'

export interface AttackPlan {
  readonly port: number
  /** At once. */
  readonly connections: number
  readonly durationMs: number
  /** New connections a second, over all. */
  readonly perSecond: number
}

export interface AttackTally {
  readonly connected: number
  /** By the server. */
  readonly ended: number
  readonly sentBytes: number
  readonly gotBytes: number
}

interface Attacker {
  /** Bytes that the system has not taken. */
  rest: Buffer
  next: number
  hasLeft: boolean
}

/** Of one connection and turn, so that all have theirs. */
const PIECES_A_TURN = 4
const TICK_MS = 5
const NOTHING = Buffer.alloc(0)

/** `isOver`: asked now and then; absent: it goes on for all of its time. */
export async function playAttack(
  attack: Attack,
  plan: AttackPlan,
  isOver: (tally: AttackTally) => boolean = () => false,
): Promise<AttackTally> {
  const tally = { connected: 0, ended: 0, sentBytes: 0, gotBytes: 0 }
  const open = new Set<Bun.Socket<Attacker>>()
  const pieces: (Buffer | undefined)[] = []
  const hello = Buffer.from(attack.hello, 'latin1')
  let pending = 0

  function piece(index: number): Buffer | undefined {
    if (pieces.length <= index) {
      const text = attack.piece(index)
      pieces[index] = text === undefined ? undefined : Buffer.from(text, 'latin1')
    }
    return pieces[index]
  }

  /** Whether the system took all. */
  function send(socket: Bun.Socket<Attacker>, bytes: Buffer): boolean {
    const sent = Math.max(0, socket.write(bytes))
    tally.sentBytes += sent
    socket.data.rest = sent === bytes.length ? NOTHING : bytes.subarray(sent)
    return sent === bytes.length
  }

  function goOn(socket: Bun.Socket<Attacker>): void {
    const { data } = socket
    if (data.rest.length > 0 && !send(socket, data.rest)) return
    for (let count = 0; count < PIECES_A_TURN; count += 1) {
      const bytes = piece(data.next)
      if (bytes === undefined) return
      data.next += 1
      if (!send(socket, bytes)) return
    }
  }

  const handlers: Bun.SocketHandler<Attacker> = {
    open(socket) {
      open.add(socket)
      tally.connected += 1
      if (send(socket, hello)) goOn(socket)
    },
    data: (_, bytes) => void (tally.gotBytes += bytes.length),
    drain: goOn,
    end: (socket) => void socket.end(),
    close(socket) {
      open.delete(socket)
      if (!socket.data.hasLeft) tally.ended += 1
    },
    connectError: () => undefined,
  }

  async function connect(): Promise<void> {
    pending += 1
    const data = { rest: NOTHING, next: 0, hasLeft: false }
    await Bun.connect({ hostname: '127.0.0.1', port: plan.port, data, socket: handlers }).catch(() => undefined)
    pending -= 1
  }

  const startedAt = performance.now()
  /** The first of all come at once. */
  let allowed = plan.connections
  for (let at = startedAt; at - startedAt < plan.durationMs && !isOver(tally);) {
    while (allowed >= 1 && open.size + pending < plan.connections) {
      allowed -= 1
      void connect()
    }
    for (const socket of open) goOn(socket)
    await Bun.sleep(TICK_MS)
    const now = performance.now()
    allowed = Math.min(plan.connections, allowed + ((now - at) * plan.perSecond) / 1000)
    at = now
  }
  for (const socket of open) {
    socket.data.hasLeft = true
    socket.terminate()
  }
  return tally
}
