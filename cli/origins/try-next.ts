/** What the demo invites people to type: pure. */
import type { Config } from '../../core/config/config.ts'
import { defaultAdminUrl } from '../client/admin-target.ts'
import type { RunningEdge } from '../process/serve.ts'
import { urlOf } from '../text/reachable.ts'

interface Means {
  /** How this program is called. */
  readonly command: string
  /** How many test backends there are. */
  readonly origins: number
}

/** Lines that work as printed, against the addresses that are really listened on. */
export function tryNext(edge: RunningEdge, config: Config, { command, origins }: Means): string {
  const redirecting = config.listeners.flatMap(({ name, redirect }) => (redirect === undefined ? [] : [name]))
  const first = edge.addresses.find(
    ({ listener, address }) => address.kind === 'tcp' && !redirecting.includes(listener),
  )
  if (first === undefined) return ''
  const isTls = config.listeners.some(({ name, tls }) => name === first.listener && tls !== undefined)
  const url = urlOf(first.address, isTls ? 'https' : 'http')
  // Its certificate is hardly for the address.
  const curl = isTls ? 'curl -k' : 'curl'
  const lines = [
    [`${curl} ${url}/`, 'who answers? ask again'],
    [`${curl} -d hello ${url}/echo`, 'the request as a backend sees it'],
    [`${curl} -N ${url}/stream`, 'a body that arrives in pieces'],
    ...adminLines(edge, config, command),
  ] as const
  const width = Math.max(...lines.map(([command]) => command.length))
  const block = lines.map(([command, purpose]) => `  ${command.padEnd(width)}   # ${purpose}`)
  const here = `${origins} test backend${origins === 1 ? ' answers' : 's answer'} for the members on this machine.`
  return `\n${here} Try next, in another terminal:\n\n${block.join('\n')}\n\nAnd edit a members file or a strategy meanwhile: what you save is live.\n\n`
}

/** None where they would not work as printed: a token is nothing to print. */
function adminLines({ adminAddress }: RunningEdge, { admin }: Config, command: string): (readonly [string, string])[] {
  if (adminAddress?.kind !== 'tcp' || admin?.token !== undefined) return []
  const url = urlOf(adminAddress)
  const option = url === defaultAdminUrl ? '' : ` --url ${url}`
  return [
    [`${command} status${option}`, 'pools and backends'],
    [`${command} top${option}`, 'the dashboard'],
    [`${url}/`, 'the same in a browser'],
    [`curl ${url}/metrics`, 'metrics for Prometheus'],
  ]
}
