/** Calls of gRPC, which need HTTP/2, at backends that agree on what is spoken and have picked HTTP/1.1. */
import { isGrpcRequest } from '../http1/grpc.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { BackendStream } from '../stream/backend-stream.ts'
import type { ClientStream } from '../stream/client-stream.ts'

/** What the attempt comes to: nothing was sent, and the backend is not to blame for what clients ask of it. */
export const NO_CALLS = 'to a backend that speaks HTTP/2, which gRPC needs: this one has picked HTTP/1.1'

/** `head`: of the request. Who comes over HTTP/1.1 makes no calls but those of gRPC-Web. */
export const isCallAstray = (client: ClientStream, stream: BackendStream, head: RequestHead): boolean =>
  (client.version === '2' || client.isCall === true) && stream.takesNoCalls === true && isGrpcRequest(head)
