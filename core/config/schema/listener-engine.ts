/** `listeners.*.engine` and `http3`: who speaks with clients, and what of the other keys is not to be had then. */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import { type Located, located, showDefault } from '../read/field.ts'
import type { Reading } from '../read/reading.ts'
import { choice, flag } from '../read/scalars.ts'

export const engineFields = {
  engine: showDefault(
    choice(['own', 'serve'], {
      description:
        'Who speaks with clients: `own`, SmartEdge itself, or `serve`, Bun.serve, which can HTTP/3 and less of everything else (docs/engines.md). What comes behind is the same.',
    }),
    'own',
  ),
  http3: showDefault(
    located(
      flag({
        description:
          'Speaks HTTP/3 as well, at the UDP port of the same number, and tells clients of it (Alt-Svc). Experimental. Only with `"engine": "serve"` and `tls`.',
        examples: [true],
      }),
    ),
    false,
  ),
} as const

export type Engine = 'own' | 'serve'

/** Keys that Bun.serve can't have, and why. */
const UNSERVED: readonly (readonly [path: readonly string[], reason: string])[] = [
  [['permissions'], 'is for unix: addresses, at which Bun.serve does not listen here'],
  [['proxyProtocol'], 'is not to be had: Bun.serve reads no PROXY header'],
  [['deferAccept'], 'is not to be had: Bun.serve lets clients in itself'],
  ...['backlog', 'keepAlive', 'userTimeout', 'sendBuffer'].map(
    (key) => [[key], 'is not to be had: the sockets are those of Bun.serve'] as const,
  ),
  [['tls', 'clients'], 'is not to be had: Bun.serve does not tell who has shown which certificate'],
  [['tls', 'acme'], 'is not to be had: Bun.serve takes its certificates as it begins'],
  [['tls', 'strict'], 'is not to be had: Bun.serve shows its first certificate where none is for a name'],
  [['tls', 'handshakeTimeout'], 'is not to be had: handshakes are those of Bun.serve'],
  [['tls', 'maxHandshakes'], 'is not to be had: handshakes are those of Bun.serve'],
]

export interface EngineFacts {
  readonly engine: Engine | undefined
  readonly http3: Located<boolean> | undefined
  readonly isHttp: boolean
  readonly isSecure: boolean
  readonly reusePort: Located<boolean> | undefined
  /** Kinds of its addresses. */
  readonly kinds: readonly (string | undefined)[]
}

/** `node`: the listener's. */
export function checkEngine(facts: EngineFacts, node: Node | undefined, reading: Reading): void {
  const { engine, http3, isHttp, isSecure, kinds, reusePort } = facts
  const hint = '"engine": "own" has it'
  if (http3?.value === true && engine !== 'serve')
    reading.report(http3.node, { rule: 'must not be true without "engine": "serve"', hint: 'add "engine": "serve"' })
  if (http3?.value === true && !isSecure)
    reading.report(http3.node, {
      rule: 'must not be true without tls: there is no HTTP/3 without it',
      hint: 'add "tls" with certificates',
    })
  if (http3?.value === true && reusePort?.value === true)
    reading.report(reusePort.node, {
      rule: 'must not be true beside http3: datagrams of one client would go to either',
    })
  if (engine !== 'serve' || node === undefined) return
  const written = findNodeAtLocation(node, ['engine']) ?? node
  if (!isHttp) reading.report(written, { rule: 'must not be "serve" in TCP mode: Bun.serve speaks HTTP alone' })
  const odd = kinds.find((kind) => kind !== undefined && kind !== 'tcp')
  if (odd !== undefined)
    reading.report(written, { rule: `must not be "serve" at ${odd}: addresses, but at those of TCP`, hint })
  for (const [path, reason] of UNSERVED) {
    const found = findNodeAtLocation(node, [...path])
    if (found !== undefined) reading.report(found, { rule: `${reason}, with "engine": "serve"`, hint })
  }
}
