/** nginx: one worker, kept-alive backend connections, no access log, the forwarded fields that SmartEdge also writes. */
import { existsSync } from 'node:fs'
import { firstLine, locate, type Job, type JobTls, type Peer, type Safeguards } from './peer.ts'

const createNginx = (name: string, buffers: string): Peer => ({
  name,
  install: 'apt-get install nginx',
  version: () => firstLine(['nginx', '-v'])?.replace('nginx version: nginx/', ''),
  launch: (job) => ({
    command: [locate('nginx') ?? 'nginx', '-p', job.directory, '-e', 'stderr', '-c', 'nginx.conf'],
    files: { 'nginx.conf': job.mode === 'tcp' ? renderNginxStream(job) : renderNginx(job, buffers) },
  }),
})

const largeBuffers = `      proxy_buffers 16 64k;
      proxy_busy_buffers_size 256k;
`

/** With buffers that halve its cost of a 1 MiB answer and change nothing else: a rival deserves a good configuration. */
export const nginx: Peer = createNginx('nginx', largeBuffers)

/** With its default buffers of 8 times one page. */
export const nginxStock: Peer = createNginx('nginx-stock', '')

/**
 * Bodies are streamed both ways, as the others do: with the defaults nginx would store an upload before it passes it on
 * and write a large response to a file.
 */
export function renderNginx(job: Job, buffers = largeBuffers): string {
  const servers = job.backendPorts.map(
    (port, index) => `    server 127.0.0.1:${port} weight=${job.weights?.[index] ?? 1}${serverWith(job.safeguards)};`,
  )
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 20000; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  client_max_body_size 0;
  client_header_buffer_size 8k;
  client_body_buffer_size 256k;
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  tcp_nodelay on;
  map $http_upgrade $connection_field { default upgrade; '' ''; }
  upstream backends {
${servers.join('\n')}
    keepalive 1024;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${job.port}${job.tls ? ' ssl' : ''}${job.http2 ? ' http2' : ''} backlog=4096;
${job.tls ? serverTls(job.tls) : ''}    location / {
      proxy_pass ${job.backendTls ? 'https' : 'http'}://backends;
${job.backendTls ? backendTls(job.backendTls) : ''}      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
${buffers}${job.safeguards ? locationWith(job.safeguards) : ''}      proxy_set_header Connection $connection_field;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Host $http_host;
      proxy_set_header Via "1.1 nginx";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`
}

/** Where Debian keeps what its nginx loads: package libnginx-mod-stream. */
const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so'

/** Its buffer as large as what halves the cost of 1 MiB; `backlog` as elsewhere. */
export function renderNginxStream(job: Job): string {
  const servers = job.backendPorts.map((port) => `    server 127.0.0.1:${port};`)
  return `${existsSync(streamModule) ? `load_module ${streamModule};\n` : ''}daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 20000; }
stream {
  access_log off;
  tcp_nodelay on;
  upstream backends {
${servers.join('\n')}
  }
  server {
    listen 127.0.0.1:${job.port} backlog=4096;
    proxy_pass backends;
    proxy_buffer_size 64k;
    proxy_timeout 1h;
  }
}
`
}

/** `max_conns` refuses where others queue: its queue is not in the free edition. */
const serverWith = (safeguards: Safeguards | undefined): string =>
  safeguards === undefined
    ? ''
    : ` max_fails=3 fail_timeout=1s${safeguards.room ? ` max_conns=${safeguards.room.maxInflight}` : ''}`

const locationWith = ({
  tryMs,
}: Safeguards): string => `      proxy_next_upstream error timeout http_502 http_503 http_504;
      proxy_next_upstream_tries 3;
      proxy_connect_timeout ${tryMs}ms;
      proxy_read_timeout ${tryMs}ms;
`

/** As SmartEdge does: verified, TLS 1.3, connections kept. */
const backendTls = ({ cert }: JobTls): string => `      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate ${cert};
      proxy_ssl_name a.test;
      proxy_ssl_server_name on;
      proxy_ssl_protocols TLSv1.2 TLSv1.3;
`

/** Sessions as SmartEdge has them: tickets; versions and curve alike. */
const serverTls = ({ cert, key }: JobTls): string => `    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;
`
