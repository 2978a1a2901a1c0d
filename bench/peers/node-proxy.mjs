// The Node contestant as a program: `node node-proxy.mjs PORT BACKEND_PORT …`, backends in turn. Plain JavaScript, since
// Node 20 runs no TypeScript.
import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'http-proxy-3'

const [port, ...backendPorts] = process.argv.slice(2).map(Number)
const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 1024 }), xfwd: true })
proxy.on('error', (error, _request, response) => response.writeHead?.(502).end(String(error)))
let turn = 0
const pick = () => `http://127.0.0.1:${backendPorts[turn++ % backendPorts.length]}`
const server = createServer((request, response) => proxy.web(request, response, { target: pick() }))
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head, { target: pick() }))
server.keepAliveTimeout = 300_000
server.listen(port, '127.0.0.1')
