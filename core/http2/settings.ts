/** SETTINGS (RFC 9113 6.5): what a peer asks for, checked value by value, and what we ask for. */
import { ConnectionFault, FLOW_CONTROL_ERROR } from './errors.ts'
import { DEFAULT_WINDOW, MAX_MAX_FRAME_BYTES, MAX_WINDOW, MIN_MAX_FRAME_BYTES } from './frames.ts'

export const HEADER_TABLE_SIZE = 0x1
export const ENABLE_PUSH = 0x2
export const MAX_CONCURRENT_STREAMS = 0x3
export const INITIAL_WINDOW_SIZE = 0x4
export const MAX_FRAME_SIZE = 0x5
export const MAX_HEADER_LIST_SIZE = 0x6
/** RFC 8441. */
export const ENABLE_CONNECT_PROTOCOL = 0x8

export const DEFAULT_TABLE_BYTES = 4096
const SETTING_BYTES = 6

/** In force for what we send; what a peer has not said is as RFC 9113 6.5.2 has it. */
export interface PeerSettings {
  tableBytes: number
  maxStreams: number
  initialWindow: number
  maxFrameBytes: number
  /** RFC 8441: whether it takes an extended CONNECT. */
  takesConnectProtocol: boolean
}

export const initialSettings = (): PeerSettings => ({
  tableBytes: DEFAULT_TABLE_BYTES,
  maxStreams: Infinity,
  initialWindow: DEFAULT_WINDOW,
  maxFrameBytes: MIN_MAX_FRAME_BYTES,
  takesConnectProtocol: false,
})

/**
 * Takes what the payload of one SETTINGS frame says, in order; its length is a multiple of 6. `isServer`:
 * who has sent it is a server. Throws ConnectionFault for a value out of range.
 */
export function readSettings(settings: PeerSettings, bytes: Buffer, isServer: boolean): void {
  for (let at = 0; at + SETTING_BYTES <= bytes.length; at += SETTING_BYTES) {
    const value = bytes.readUInt32BE(at + 2)
    switch (bytes.readUInt16BE(at)) {
      case HEADER_TABLE_SIZE:
        settings.tableBytes = value
        break
      case ENABLE_PUSH:
        // A server may only say that it is off (RFC 9113 6.5.2).
        if (value > (isServer ? 0 : 1)) throw new ConnectionFault(`SETTINGS_ENABLE_PUSH may not be ${value}`)
        break
      case MAX_CONCURRENT_STREAMS:
        settings.maxStreams = value
        break
      case INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW)
          throw new ConnectionFault('SETTINGS_INITIAL_WINDOW_SIZE must be at most 2147483647', FLOW_CONTROL_ERROR)
        settings.initialWindow = value
        break
      case MAX_FRAME_SIZE:
        if (value < MIN_MAX_FRAME_BYTES || value > MAX_MAX_FRAME_BYTES)
          throw new ConnectionFault(`SETTINGS_MAX_FRAME_SIZE must be 16384..16777215, got ${value}`)
        settings.maxFrameBytes = value
        break
      case ENABLE_CONNECT_PROTOCOL:
        if (value > 1) throw new ConnectionFault(`SETTINGS_ENABLE_CONNECT_PROTOCOL must be 0 or 1, got ${value}`)
        settings.takesConnectProtocol = value === 1
        break
      // Of no consequence here: MAX_HEADER_LIST_SIZE is advice, and what is not known is ignored.
      default:
    }
  }
}

/** The payload of a SETTINGS frame that says this. */
export function settingsPayload(settings: readonly (readonly [identifier: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * SETTING_BYTES)
  for (const [index, [identifier, value]] of settings.entries()) {
    payload.writeUInt16BE(identifier, index * SETTING_BYTES)
    payload.writeUInt32BE(value, index * SETTING_BYTES + 2)
  }
  return payload
}
