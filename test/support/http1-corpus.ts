/** The fragments that request smuggling is made of. One character a byte. */

/** Transfer-Encoding lines, valid and obfuscated. */
export const codingLines: readonly string[] = [
  'Transfer-Encoding: chunked',
  'transfer-encoding:CHUNKED',
  'Transfer-Encoding:\tchunked\t',
  'Transfer-Encoding: \x0bchunked',
  'Transfer-Encoding: chunked\x0b',
  'Transfer-Encoding: chunked\x0c',
  'Transfer-Encoding: chunked\0',
  'Transfer-Encoding: \0chunked',
  'Transfer-Encoding: chunked\r',
  'Transfer-Encoding: \rchunked',
  'Transfer-Encoding: chunked\xff',
  'Transfer-Encoding: \xa0chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunkedx',
  'Transfer-Encoding: "chunked"',
  "Transfer-Encoding: 'chunked'",
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: chunked,',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding: chunked;q=0.5',
  'Transfer-Encoding: chunked chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding:',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding\t: chunked',
  ' Transfer-Encoding: chunked',
  'X: y\r\n Transfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding\r\n: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'Transfer_Encoding: chunked',
  'Transfer-Encodin\xe7: chunked',
  'Transfer-Encoding\0: chunked',
  '\x80Transfer-Encoding: chunked',
  'X-Transfer-Encoding: chunked',
  'X: y',
]

/** Content-Length lines, valid and obfuscated. */
export const lengthLines: readonly string[] = [
  'Content-Length: 5',
  'content-length:0',
  'CONTENT-LENGTH: 0005',
  'Content-Length: +5',
  'Content-Length: -5',
  'Content-Length: 0x5',
  'Content-Length: 5_0',
  'Content-Length: 5 0',
  'Content-Length: 5, 5',
  'Content-Length: 5,6',
  'Content-Length: 5.0',
  'Content-Length: 5e0',
  'Content-Length: "5"',
  'Content-Length:',
  'Content-Length: \x0b5',
  'Content-Length: 5\0',
  'Content-Length: \xb2',
  'Content-Length : 5',
  'Content-Length\r\n: 5',
  'Content-Length:\r\n 5',
  'Content-Length: 5\r\nContent-Length: 5',
  'Content-Length: 5\r\ncontent-length: 6',
  'Content-Length: 5\nContent-Length: 6',
  'Content-Length: 9007199254740992',
  'Content-Length: 18446744073709551621',
  'Content_Length: 5',
  'Content-Length\x80: 5',
  'Y: z',
]

/** Host lines and targets that parsers have read differently. */
export const hostileHosts =
  'a/b a@b a,b a\\b a#b a?b a:80:80 a:+1 a:65536 [::1]:99999 [::1 a[b] a%zz a"b <a> \x80 a\0 a\tb a\x0bb'.split(' ')

export const hostileTargets =
  'http://u@a/ http://u:p@a/ http:///x http:/a //a /#f * a ?x /\0 /\t /\x7f http://a:b/ http://a:65536/ http://a,b/ https:// HTTP://A /\xff'.split(
    ' ',
  )

const chunkSizes =
  '0x5 +5 -5 5_0 5\n 5\r 5;\n ;5 g 5g 00000000000005 ffffffffffffff 10000000000000005 fffffffffffff'.split(' ')

const marks = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  '\r\n ',
  '\r\n\t',
  ' ',
  '  ',
  ':',
  ' :',
  ',',
  ';',
  '0\r\n\r\n',
  '\0',
  '\xff',
]
const words = [
  'HTTP/1.1',
  ' HTTP/1.0',
  'HTTP/2.0',
  'GET / HTTP/1.1\r\n',
  'chunked',
  'Connection: close, x',
  '\r\nConnection: a b',
]

/** What mutations insert. */
export const fragments: readonly string[] = [
  ...[...codingLines, ...lengthLines].map((line) => `\r\n${line}`),
  ...hostileHosts.map((host) => `\r\nHost: ${host}`),
  ...hostileTargets,
  ...chunkSizes.map((size) => `\r\n${size}\r\n`),
  ...marks,
  ...words,
]
