/**
 * What only trying shows of a config, without serving it: strategies that do not load, fail their examination or refuse
 * their options, and a database, a log, a list or a key set that cannot be used. Opens no port and starts nothing that lasts.
 */
import type { Clock } from '../clock.ts'
import type { Config } from '../config/config.ts'
import { formatKey } from '../config/read/reading.ts'
import { checkLogFile } from '../log/log-file.ts'
import { trialsApart } from '../lab/examine-apart.ts'
import { type ApplyProblem, asRefusal } from '../part.ts'
import { createPluginHost } from '../strategy/host.ts'
import { readyStrategy } from '../strategy/live.ts'
import { AccessFiles } from './access-files.ts'
import { AuthHost } from './auth-host.ts'
import { GeoHost } from './geo-host.ts'
import { PoolTls } from './pool-tls.ts'
import { TlsHost } from './tls-host.ts'

/** All of it, in the order of the config; runs the strategies' code, as a start would. Never rejects. */
export async function checkConfig(config: Config, clock: Clock): Promise<readonly ApplyProblem[]> {
  const plugins = createPluginHost({ clock, examine: trialsApart(clock) })
  const pools = config.pools.map(({ name, strategy: { use, options } }) => ({
    key: formatKey(['pools', name, 'strategy']),
    attempt: () => readyStrategy(plugins, use, options),
  }))
  const backends = config.pools.map(({ name, tls }) => ({
    key: formatKey(['pools', name, 'tls']),
    attempt: async () => void new PoolTls(name).prepare(tls),
  }))
  const parts = [
    ...pools,
    ...backends,
    { key: 'geo', attempt: () => new GeoHost().prepare(config) },
    { key: 'log.access.to', attempt: () => checkLog(config) },
    { key: 'routes', attempt: () => new AccessFiles(clock).prepare(config) },
    { key: 'routes', attempt: () => createAuthHost(clock).prepare(config) },
    { key: 'listeners', attempt: () => new TlsHost({ clock, emit: () => undefined }, true).prepare(config) },
  ]
  const problems: ApplyProblem[] = []
  for (const { key, attempt } of parts) {
    try {
      await attempt()
    } catch (error) {
      problems.push(...asRefusal(error, key).problems)
    }
  }
  return problems
}

const checkLog = async ({ accessLog }: Config): Promise<void> => {
  if (accessLog?.path !== undefined) await checkLogFile(accessLog.path)
}

/** Nothing of it is started: it asks nobody. */
const createAuthHost = (clock: Clock): AuthHost =>
  new AuthHost({ clock, ask: () => () => undefined, emit: () => undefined, reportFault: () => undefined })
