/** Why bytes are no PROXY header; its message completes "PROXY header: …". Never holds any of the bytes. */
export class ProxyFault extends Error {
  override readonly name = 'ProxyFault'
}
