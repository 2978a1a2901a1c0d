/** Names of query parameters and fields that hold credentials in a config, whatever they are called. */
import type { Config } from '../config/config.ts'

/** Lower-case; those that the access log is told to hide, and what rules of access take credentials from. */
export const hiddenNames = ({ accessLog, routes }: Pick<Config, 'accessLog' | 'routes'>): readonly string[] => [
  ...(accessLog?.hidden ?? []),
  ...routes.flatMap(({ access }) =>
    [access?.apiKey?.from, access?.jwt?.from].flatMap((from) => from?.name.toLowerCase() ?? []),
  ),
]
