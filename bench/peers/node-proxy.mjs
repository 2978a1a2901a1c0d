// The Node contestant as a program: `node node-proxy.mjs PORT BACKEND_PORT …`, backends in turn. Plain JavaScript, since
// Node 20 runs no TypeScript. It writes the forwarded fields that SmartEdge also writes.
import { randomUUID } from 'node:crypto'
import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'http-proxy-3'

const [port, ...backendPorts] = process.argv.slice(2).map(Number)
const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 1024 }), xfwd: true })
// `outer` is a response, or the socket of an upgrade; a response that has begun can only be cut.
proxy.on('error', (error, _request, outer) => {
  if (outer.headersSent === false) outer.writeHead(502).end(String(error))
  else outer.destroy()
})
let turn = 0
const nextJob = () => ({
  target: `http://127.0.0.1:${backendPorts[turn++ % backendPorts.length]}`,
  headers: { Via: '1.1 node', 'X-Request-Id': randomUUID() },
})
const server = createServer((request, response) => proxy.web(request, response, nextJob()))
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head, nextJob()))
server.keepAliveTimeout = 300_000
server.listen(port, '127.0.0.1')
