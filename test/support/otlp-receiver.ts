/**
 * A collector of traces on a real port: takes OTLP over HTTP in JSON, strictly by opentelemetry-proto's trace.proto and its
 * JSON encoding (ids in hexadecimal digits, 64-bit numbers as texts or whole numbers), so that what it takes any other does.
 */

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly traceState: string | undefined
  readonly flags: number
  readonly name: string
  /** 2: server, 3: client. */
  readonly kind: number
  /** Epoch nanoseconds. */
  readonly startedAt: bigint
  readonly endedAt: bigint
  readonly attributes: Readonly<Record<string, Scalar>>
  readonly events: readonly { readonly name: string; readonly at: bigint }[]
  /** 2: error. */
  readonly status: number
  /** Of the process. */
  readonly resource: Readonly<Record<string, Scalar>>
  readonly scope: string
}

type Scalar = string | number | boolean

/** What to answer a post that holds so many spans; without, 200 for each. */
export type AnswerPost = (spans: readonly ReceivedSpan[], request: Request) => Response | Promise<Response>

export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly spans: readonly ReceivedSpan[]
  readonly requests: readonly Request[]
  /** Whatever could not be understood, in words. */
  readonly complaints: readonly string[]
}

export function startOtlpReceiver(answer: AnswerPost = () => Response.json({}), port = 0): OtlpReceiver {
  const spans: ReceivedSpan[] = []
  const requests: Request[] = []
  const complaints: string[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port,
    async fetch(request) {
      requests.push(request)
      try {
        const received = decodePost(request, await request.text())
        const response = await answer(received, request)
        if (response.ok) spans.push(...received)
        return response
      } catch (error) {
        complaints.push(String(error))
        return new Response('bad data', { status: 400 })
      }
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/v1/traces`,
    port: server.port ?? 0,
    spans,
    requests,
    complaints,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

function decodePost(request: Request, body: string): ReceivedSpan[] {
  if (request.method !== 'POST') throw new Error(`OTLP is posted, got ${request.method}`)
  const type = request.headers.get('content-type')
  if (type !== 'application/json') throw new Error(`a JSON request is application/json, got ${type}`)
  return decodeTraces(JSON.parse(body))
}

/** `ExportTraceServiceRequest`. Throws for what is none. */
export function decodeTraces(request: unknown): ReceivedSpan[] {
  const { resourceSpans } = members(request, ['resourceSpans'])
  return items(resourceSpans).flatMap((entry) => {
    const { resource, scopeSpans } = members(entry, ['resource', 'scopeSpans', 'schemaUrl'])
    const of = attributesOf(members(resource, ['attributes', 'droppedAttributesCount'])['attributes'])
    return items(scopeSpans).flatMap((part) => {
      const { scope, spans } = members(part, ['scope', 'spans', 'schemaUrl'])
      const { name } = members(scope, ['name', 'version'])
      return items(spans).map((span) => decodeSpan(span, of, text(name)))
    })
  })
}

const SPAN_KEYS = [
  'traceId',
  'spanId',
  'traceState',
  'parentSpanId',
  'flags',
  'name',
  'kind',
  'startTimeUnixNano',
  'endTimeUnixNano',
  'attributes',
  'events',
  'status',
]

function decodeSpan(written: unknown, resource: ReceivedSpan['resource'], scope: string): ReceivedSpan {
  const span = members(written, SPAN_KEYS)
  const { status, kind, flags, parentSpanId, traceState, events } = span
  const { code = 0 } = members(status ?? {}, ['code', 'message'])
  if (kind !== 2 && kind !== 3) throw new Error(`a span of ours is of a server or a client, got ${String(kind)}`)
  const decoded: ReceivedSpan = {
    traceId: id(span['traceId'], 32),
    spanId: id(span['spanId'], 16),
    parentSpanId: parentSpanId === undefined ? undefined : id(parentSpanId, 16),
    traceState: traceState === undefined ? undefined : text(traceState),
    flags: whole(flags),
    name: text(span['name']),
    kind,
    startedAt: nanoseconds(span['startTimeUnixNano']),
    endedAt: nanoseconds(span['endTimeUnixNano']),
    attributes: attributesOf(span['attributes']),
    events: items(events ?? []).map((event) => {
      const { name, timeUnixNano } = members(event, ['name', 'timeUnixNano', 'attributes'])
      return { name: text(name), at: nanoseconds(timeUnixNano) }
    }),
    status: whole(code),
    resource,
    scope,
  }
  if (decoded.name === '') throw new Error('a span must have a name')
  if (decoded.endedAt < decoded.startedAt) throw new Error('a span must not end before it begins')
  return decoded
}

function attributesOf(written: unknown): Record<string, Scalar> {
  const entries = items(written).map((attribute): [string, Scalar] => {
    const { key, value } = members(attribute, ['key', 'value'])
    return [text(key), scalarOf(value)]
  })
  if (new Set(entries.map(([key]) => key)).size < entries.length) throw new Error('an attribute stands twice')
  return Object.fromEntries(entries)
}

function scalarOf(written: unknown): Scalar {
  const value = members(written, ['stringValue', 'intValue', 'boolValue'])
  const [kind, ...others] = Object.keys(value)
  if (others.length > 0) throw new Error('an attribute has one value')
  if (kind === 'stringValue') return text(value['stringValue'])
  if (kind === 'intValue') return whole(value['intValue'])
  if (value['boolValue'] === true || value['boolValue'] === false) return value['boolValue']
  throw new Error(`no value of an attribute: ${JSON.stringify(written)}`)
}

function members(value: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`not an object: ${JSON.stringify(value)}`)
  const strange = Object.keys(value).filter((key) => !known.includes(key))
  if (strange.length > 0) throw new Error(`unknown keys: ${strange.join(', ')}`)
  return { ...value }
}

function items(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error(`not a list: ${JSON.stringify(value)}`)
  return value
}

function text(value: unknown): string {
  if (typeof value !== 'string' || !value.isWellFormed()) throw new Error(`not a text: ${JSON.stringify(value)}`)
  return value
}

function whole(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new Error(`not a whole number: ${JSON.stringify(value)}`)
  return Number(value)
}

function id(value: unknown, digits: number): string {
  const written = text(value)
  if (written.length !== digits || !/^[0-9a-f]+$/.test(written) || /^0+$/.test(written))
    throw new Error(`not an id of ${digits} digits: ${written}`)
  return written
}

function nanoseconds(value: unknown): bigint {
  const written = text(value)
  if (!/^\d{1,20}$/.test(written)) throw new Error(`not an instant: ${written}`)
  return BigInt(written)
}
