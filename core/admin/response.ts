/** The head of a response of the admin API, as bytes; what belongs to the connection is added on the way out. */
import { titles } from './problem.ts'

const reasons: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted', 304: 'Not Modified' }

/** `isHead`: to HEAD, of which the length may be left out (RFC 9110 9.3.2). */
export function renderHead({ status, headers, body }: Response, isHead: boolean): Buffer {
  const isBare = body === null && !isHead && status !== 304 && !headers.has('content-length')
  const lines = [
    `HTTP/1.1 ${status} ${reasons[status] ?? (titles as Readonly<Record<number, string>>)[status] ?? ''}`,
    ...[...headers].map(([name, value]) => `${capitalize(name)}: ${value}`),
    ...(isBare ? ['Content-Length: 0'] : []),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

const capitalize = (name: string): string => name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())
