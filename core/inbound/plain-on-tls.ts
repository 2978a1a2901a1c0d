/** What a request in plain HTTP is told where TLS is expected. */

const TEXT =
  'This port speaks HTTPS, and the request came as plain HTTP. Use https:// in front of its address instead.\n'

export const PLAIN_ON_TLS = Buffer.from(
  'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n' +
    `Content-Length: ${TEXT.length}\r\n\r\n${TEXT}`,
)
