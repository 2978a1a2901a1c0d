/** What is counted of HTTP/2, and of gRPC over it: entries of the process's ledger. */

const calls = <const Code extends string>(code: Code) =>
  ({
    metric: 'grpc_responses',
    help: 'Calls of gRPC that a backend has answered whole, by the status that their trailers tell.',
    label: ['code', code],
    status: ['grpcResponses', code],
  }) as const

const violations = <const Kind extends string>(kind: Kind) =>
  ({
    metric: 'http2_violations',
    help: 'What clients of HTTP/2 did that it forbids, or too much of what it allows, by kind.',
    label: ['kind', kind],
    status: ['http2Violations', kind],
  }) as const

export const http2Counters = {
  http2Connections: { metric: 'http2_connections', type: 'gauge', help: 'Client connections that speak HTTP/2.' },
  http2RapidReset: violations('rapid-reset'),
  http2EarlyReset: violations('early-reset'),
  http2MadeReset: violations('made-reset'),
  http2Ping: violations('ping'),
  http2Settings: violations('settings'),
  http2EmptyData: violations('empty-data'),
  http2WindowUpdate: violations('window-update'),
  http2Priority: violations('priority'),
  http2Continuation: violations('continuation'),
  http2Unread: violations('unread'),
  /** That one stream broke off for. */
  http2StreamError: violations('stream-error'),
  /** That the connection broke off for, and none of the above. */
  http2ConnectionError: violations('connection-error'),
  grpcOk: calls('OK'),
  grpcCancelled: calls('CANCELLED'),
  grpcUnknown: calls('UNKNOWN'),
  grpcInvalidArgument: calls('INVALID_ARGUMENT'),
  grpcDeadlineExceeded: calls('DEADLINE_EXCEEDED'),
  grpcNotFound: calls('NOT_FOUND'),
  grpcAlreadyExists: calls('ALREADY_EXISTS'),
  grpcPermissionDenied: calls('PERMISSION_DENIED'),
  grpcResourceExhausted: calls('RESOURCE_EXHAUSTED'),
  grpcFailedPrecondition: calls('FAILED_PRECONDITION'),
  grpcAborted: calls('ABORTED'),
  grpcOutOfRange: calls('OUT_OF_RANGE'),
  grpcUnimplemented: calls('UNIMPLEMENTED'),
  grpcInternal: calls('INTERNAL'),
  grpcUnavailable: calls('UNAVAILABLE'),
  grpcDataLoss: calls('DATA_LOSS'),
  grpcUnauthenticated: calls('UNAUTHENTICATED'),
} as const

/** By the number of their status. */
const GRPC_COUNTERS = [
  'grpcOk',
  'grpcCancelled',
  'grpcUnknown',
  'grpcInvalidArgument',
  'grpcDeadlineExceeded',
  'grpcNotFound',
  'grpcAlreadyExists',
  'grpcPermissionDenied',
  'grpcResourceExhausted',
  'grpcFailedPrecondition',
  'grpcAborted',
  'grpcOutOfRange',
  'grpcUnimplemented',
  'grpcInternal',
  'grpcUnavailable',
  'grpcDataLoss',
  'grpcUnauthenticated',
] as const satisfies readonly (keyof typeof http2Counters)[]

/** Counts a call of gRPC (undefined: it was none); a status that nobody knows is UNKNOWN. */
export function countGrpc(counters: Record<(typeof GRPC_COUNTERS)[number], number>, status: number | undefined): void {
  if (status !== undefined) counters[GRPC_COUNTERS[status] ?? 'grpcUnknown'] += 1
}

/** What a client of HTTP/2 did -> where that is counted. */
export const violatedBy = {
  'rapid-reset': 'http2RapidReset',
  'early-reset': 'http2EarlyReset',
  'made-reset': 'http2MadeReset',
  ping: 'http2Ping',
  settings: 'http2Settings',
  'empty-data': 'http2EmptyData',
  'window-update': 'http2WindowUpdate',
  priority: 'http2Priority',
  continuation: 'http2Continuation',
  unread: 'http2Unread',
  'stream-error': 'http2StreamError',
  'connection-error': 'http2ConnectionError',
} as const satisfies Readonly<Record<string, keyof typeof http2Counters>>
