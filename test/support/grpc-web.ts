/** Bodies of gRPC-Web, as a client of it makes and reads them. */

export interface WebResponse {
  readonly status: number
  readonly type: string | null
  readonly messages: readonly Buffer[]
  /** undefined: none came, or something behind them. */
  readonly trailers: Readonly<Record<string, string>> | undefined
}

/** `content` behind its prefix. */
export function message(content: Buffer | string, flags = 0): Buffer {
  const bytes = Buffer.from(content)
  const prefix = Buffer.alloc(5, flags)
  prefix.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([prefix, bytes])
}

/** Base64 in groups, each of which may end in padding. */
function decode(text: string): Buffer {
  const pieces = text.match(/[^=]+={0,2}/g) ?? []
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')))
}

export async function readWebResponse(response: Response): Promise<WebResponse> {
  const { status, headers } = response
  const type = headers.get('content-type')
  const raw = Buffer.from(await response.arrayBuffer())
  return { status, type, ...framesOf(type?.includes('-text') === true ? decode(raw.toString('latin1')) : raw) }
}

export function framesOf(bytes: Buffer): Pick<WebResponse, 'messages' | 'trailers'> {
  const messages: Buffer[] = []
  let trailers: Record<string, string> | undefined
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1)
    if (end > bytes.length || trailers !== undefined) return { messages, trailers: undefined }
    const content = bytes.subarray(at + 5, end)
    if (bytes[at] === 0x80) trailers = Object.fromEntries(linesOf(content.toString('latin1')))
    else messages.push(content)
    at = end
  }
  return { messages, trailers }
}

const linesOf = (text: string): [string, string][] =>
  text
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)])
