/** Reads server-sent events (WHATWG HTML 9.2) from text in pieces: pure. */

export interface SseMessage {
  readonly event: string
  readonly data: string
  /** The newest id of the stream; empty before the first. */
  readonly id: string
}

/** A frame of 10,000 backends has 5 MB; what goes beyond this is no frame. */
const maxMessageChars = 16 * 1024 * 1024

/** Returns what takes the next piece and hands back the messages that it completes. Throws when one grows too large. */
export function createSseReader(): (piece: string) => SseMessage[] {
  let [rest, half] = ['', '']
  let event = ''
  let data: string[] = []
  let id = ''

  function takeLine(line: string): SseMessage | undefined {
    if (line === '') {
      const message = { event: event || 'message', data: data.join('\n'), id }
      const isEmpty = data.length === 0
      event = ''
      data = []
      return isEmpty ? undefined : message
    }
    const [, field, value] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line) ?? []
    if (field === 'event') event = value ?? ''
    else if (field === 'data') data.push(value ?? '')
    else if (field === 'id') id = value ?? ''
    return undefined
  }

  return (piece) => {
    const text = half + piece
    // A CR at the very end may be half of a CRLF: it waits for the next piece.
    half = text.endsWith('\r') ? '\r' : ''
    const [first = '', ...others] = text.slice(0, text.length - half.length).split(/\r\n|\n|\r/)
    // What came before is not looked through again: a frame may come in hundreds of pieces.
    const lines = [rest + first, ...others]
    rest = lines.pop() ?? ''
    if (rest.length > maxMessageChars) throw new Error('a message of the stream is too large')
    return lines.flatMap((line) => takeLine(line) ?? [])
  }
}
