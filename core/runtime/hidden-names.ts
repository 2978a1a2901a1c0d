/** What logs and traces of a config hide besides what sounds secret: what its log names, and what holds credentials in its routes. */
import type { Config } from '../config/config.ts'

/** Lower-case names of query parameters and fields. */
export const hiddenIn = ({ accessLog, routes }: Config): readonly string[] => [
  ...(accessLog?.hidden ?? []),
  ...routes.flatMap(({ access }) =>
    [access?.apiKey?.from, access?.jwt?.from].flatMap((from) => from?.name.toLowerCase() ?? []),
  ),
]
