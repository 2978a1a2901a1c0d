/** The verb that measures: its arguments, options and what its help tells. */
import { type Command, Option } from 'commander'
import type { BenchOptions } from '../commands/bench.ts'
import type { ServiceIo } from '../process/service-io.ts'
import { requireBun, requirePackage } from './runtime.ts'
import { number } from './values.ts'

const explanation = `
Scenarios:
  steady       full speed, then a fixed rate    slow-one  a backend 20 × slower
  headers      2 and 40 header fields           flapping  a backend cut off and back
  download     answers of 10 KiB and 1 MiB      weights   uneven shares
  upload       bodies of 10 KiB and 1 MiB       reload    config and strategy saved ten times a second
  connections  a new one for each request       tunnels   WebSocket echo
  idle-10k     10,000 idle connections          scale     10 to 10,000 backends
  mixed        small answers behind 1 MiB ones  tcp       TCP mode: messages, bulk, connections
Over TLS; SmartEdge, nginx and HAProxy only:
  tls          connections that stay            resumed   handshakes that take up a session
  handshakes   a whole one for each request     tls-backends  to backends, verified
In HTTP/2; SmartEdge, nginx and HAProxy only, under the load of h2load:
  http2        clients that speak it            http2-backends  both sides, without TLS
With retries, time-outs, breakers and queues switched on; SmartEdge, nginx and HAProxy only:
  kills        backends by kill -9              failing   one fails half of its requests
  stopped      one by kill -STOP                outage    all fail, then none
  slow         one 20 × slower                  queue     three times the capacity
Sets:
  default      what runs when none is named, five minutes
  quick        what runs with --quick, one minute
  strategies   every strategy through slow-one, flapping and weights, beside nginx and HAProxy
  bad-day      kills, stopped, slow, failing, outage, queue
  all
Rivals:
  nginx haproxy caddy traefik node, and pipe, a byte pipe that shows the floor; nginx-stock with its own buffer sizes,
  and smartedge-bun, on Bun's sockets.
  Those that are not installed are skipped. Debian: sh scripts/install-peers.sh

Examples:
  smartedge bench --quick
  smartedge bench steady headers --against nginx,haproxy --html
  smartedge bench strategies --plugin plugins/mine.ts
  smartedge bench --target http://127.0.0.1:8080/ --rate 5000
`

/** `finish` gets the exit code; `ioOf` is asked when the verb is called. */
export function addBench(program: Command, ioOf: () => ServiceIo, finish: (code: number) => void): void {
  program
    .command('bench [scenario...]')
    .description('measure SmartEdge beside its rivals, or strategies beside each other')
    .option('--quick', 'one minute instead of five')
    .option('--against <names>', 'rivals, by comma (else all that are installed)')
    .option('--plugin <file...>', 'strategy files of your own, beside the shipped ones')
    .option('--rounds <count>', 'of which the medians are told (else 3; 2 with --quick)', number)
    .option('--seconds <number>', 'of load in each round, such as 0.5 (else what the time allows)', number)
    .option('--connections <count>', 'that carry the load (else 64)', number)
    .option('--json', 'all results as JSON instead of tables')
    .addOption(new Option('--html [file]', 'write a page with latency curves').preset('smartedge-bench.html'))
    .addOption(new Option('--markdown [file]', 'write the tables as a document').preset('smartedge-bench.md'))
    .option('--target <url>', 'put this address under load instead: http://host:port/path')
    .option(
      '--rate <number>',
      'with --target: requests a second, never more (else full speed, then half of it)',
      number,
    )
    .option('--i-own-this-target', 'the target is not on this machine, and yours')
    .addHelpText('after', explanation)
    .action(async (scenarios: readonly string[], options: BenchOptions) => {
      requireBun('bench')
      requirePackage('bench')
      finish(await (await import('../commands/bench.ts')).bench(ioOf(), scenarios, options))
    })
}
