/** The first message of a handshake, as far as something has to be known of it before BoringSSL tells (RFC 8446 4.1.2). */

const HANDSHAKE_RECORD = 22
const CLIENT_HELLO = 1
/** RFC 7301 3.1. */
const ALPN = 16

/** Whether a ClientHello, in the records that it came in, offers `protocol` by ALPN. false as well for what is cut or no such thing. */
export function offersProtocol(records: Buffer, protocol: string): boolean {
  try {
    return protocolsIn(messageIn(records)).includes(protocol)
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** The handshake message that the records carry, which may lie in several of them. */
function messageIn(records: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at + 5 <= records.length && records[at] === HANDSHAKE_RECORD;) {
    const end = at + 5 + records.readUInt16BE(at + 3)
    pieces.push(records.subarray(at + 5, end))
    at = end
  }
  return Buffer.concat(pieces)
}

/** Throws RangeError where it ends too early. */
function protocolsIn(message: Buffer): string[] {
  if (message.readUInt8(0) !== CLIENT_HELLO) return []
  // Type and length, version, random; then session, ciphers and compression, each behind its length.
  let at = 4 + 2 + 32
  at += 1 + message.readUInt8(at)
  at += 2 + message.readUInt16BE(at)
  at += 1 + message.readUInt8(at)
  const end = at + 2 + message.readUInt16BE(at)
  at += 2
  while (at < end) {
    const type = message.readUInt16BE(at)
    const length = message.readUInt16BE(at + 2)
    if (type === ALPN) return namesIn(message.subarray(at + 6, at + 4 + length))
    at += 4 + length
  }
  return []
}

function namesIn(list: Buffer): string[] {
  const names: string[] = []
  for (let at = 0; at < list.length;) {
    const end = at + 1 + list.readUInt8(at)
    names.push(list.toString('latin1', at + 1, end))
    at = end
  }
  return names
}
