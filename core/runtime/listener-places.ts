/** By what a listener is known over reloads, and which changes of it need another socket. */
import { formatListenAddress } from '../address.ts'
import type { ListenerConfig } from '../config/config.ts'

/** Whether only another socket has it: the system does not size a send buffer itself any more once it was told its size. */
export const takesBinding = (before: ListenerConfig, after: ListenerConfig): boolean =>
  before.reusePort !== after.reusePort ||
  (before.options?.sendBufferBytes !== undefined && after.options?.sendBufferBytes === undefined)

/** Whether who has come under the one would have had to say another thing of itself, or to say it otherwise, under the other. */
export const isOtherwise = ({ tls }: ListenerConfig, { tls: before }: ListenerConfig): boolean =>
  (tls === undefined) !== (before === undefined) || !Bun.deepEquals(tls?.clients, before?.clients)

/** By address, since that is what clients are connected to, and who speaks with them. Two may both ask the system for a port: names tell those apart. */
export function keyOf({ name, address, engine }: ListenerConfig): string {
  const isSystemChosen = address.kind === 'tcp' && address.port === 0
  const text = `${formatListenAddress(address)}${engine === undefined ? '' : ` ${engine}`}`
  // With IPv4 or without it, `::` is two places.
  if (address.kind === 'tcp' && address.isV6Only) return `${text} v6`
  return isSystemChosen ? `${text} ${name}` : text
}
