/** Valid messages to mutate. One character a byte. */

const lines = (...parts: readonly string[]): string => `${parts.join('\r\n')}\r\n\r\n`

export const requests: readonly string[] = [
  lines('GET / HTTP/1.1', 'Host: a.example'),
  lines('GET /a/b?c=d HTTP/1.1', 'Host: a.example:8080', 'Accept: */*', 'Connection: keep-alive', 'X: \xe4'),
  lines('POST /p HTTP/1.1', 'Host: a', 'Content-Length: 5', 'Content-Type: text/plain'),
  lines('POST /p HTTP/1.1', 'host:a', 'Content-Length: 05', 'content-length: 5'),
  lines('PUT /p HTTP/1.1', 'Transfer-Encoding: chunked', 'Host: a', 'TE: trailers', 'Connection: te, close'),
  lines('GET http://b.example/x HTTP/1.1', 'Host: a', 'User-Agent: curl/8.0'),
  lines('OPTIONS HTTPS://b.example:1 HTTP/1.1', 'Host: a', 'Max-Forwards: 10', 'Via: 1.0 x, 1.1 smartedge'),
  lines('TRACE http://b.example?x HTTP/1.0', 'Max-Forwards: 1'),
  lines('OPTIONS * HTTP/1.1', 'Host: [::1]:80'),
  lines(
    'GET / HTTP/1.1',
    'Host: a',
    'Connection: @odd@, x-mine, close',
    'X-Mine: 1',
    'X-Forwarded-For: 1.2.3.4',
    'Forwarded: for=x',
  ),
  lines('GET / HTTP/1.0'),
  lines('GET /ws HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'),
  `\r\n${lines('PURGE /%2F//..;x HTTP/1.1', 'Host:', 'Cookie: a=b; c=d', 'Expect: 100-continue')}`,
]

export const responses: readonly string[] = [
  lines('HTTP/1.1 200 OK', 'Content-Length: 5', 'Server: x', 'Set-Cookie: a=b', 'set-cookie: c=d'),
  lines(
    'HTTP/1.1 200 OK',
    'Transfer-Encoding: chunked',
    'Connection: keep-alive',
    'Date: Sat, 21 Nov 2026 12:00:00 GMT',
  ),
  lines('HTTP/1.0 404 Not Found', 'Connection: close', 'X: \xff\t'),
  lines('HTTP/1.1 204'),
  lines('HTTP/1.1 103 Early Hints', 'Link: </a>; rel=preload'),
  lines('HTTP/1.1 304 ', 'ETag: "x"', 'Content-Length: 12'),
]

export const chunkedBodies: readonly string[] = [
  '0\r\n\r\n',
  '5\r\nhello\r\n0\r\n\r\n',
  '1\r\na\r\n0A\r\n0123456789\r\n0\r\n\r\n',
  '3;a=b\r\nabc\r\n2 ;c="d"\r\nde\r\n0;e\r\n\r\n',
  '4\r\n\r\n\r\n\r\n0\r\nDigest: x\r\nX-T:\r\n\r\n',
  `10\r\n0\r\n\r\nGET / HTTP/1\r\n1\r\nx\r\n0\r\n\r\n`,
]
