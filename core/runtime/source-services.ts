/** What sources of members stand on: files read and watched as those of the config are, members read by its rules, names asked for. */
import { readRegularFile, readText } from '../config/files.ts'
import { readMember } from '../config/read-member.ts'
import { watchFiles } from '../config/watch.ts'
import { freeDescriptors } from '../descriptors.ts'
import { containerFollower } from '../discovery/containers.ts'
import { clusterUrlOf } from '../discovery/cluster.ts'
import type { SourceServices } from '../discovery/create-source.ts'
import type { ReadText, WatchFile } from '../discovery/file.ts'
import { createRunOwn } from '../discovery/own-thread.ts'
import { shareContainers } from '../discovery/shared-containers.ts'
import type { ReadPem } from '../discovery/service.ts'
import { createAsk } from '../net/ask.ts'
import { createAskDns } from '../net/dns.ts'
import { createAskLines } from '../net/lines.ts'
import { SYSTEM_FILES } from '../names/resolver.ts'
import { parseSearch } from '../names/search.ts'
import { parseServers } from '../names/servers.ts'
import { parsedFile } from '../names/system-file.ts'
import { createPluginReader } from '../strategy/files.ts'
import type { Ground } from './ground.ts'

export function sourceServices({
  clock,
  random,
  reportFault,
  env,
}: Pick<Ground, 'clock' | 'random' | 'reportFault'> & { readonly env?: Ground['env'] }): SourceServices {
  const askDns = createAskDns(clock, reportFault)
  const [ask, askLines] = [createAsk(clock, reportFault), createAskLines(clock, reportFault)]
  const systemServers = parsedFile(SYSTEM_FILES.resolvConf, parseServers)
  return {
    clock,
    random,
    readMember,
    readText: readFile,
    watchFile,
    search: parsedFile(SYSTEM_FILES.resolvConf, parseSearch),
    ask,
    askLines,
    containers: shareContainers(containerFollower({ clock, random, ask, askLines, readPem }), clock),
    readPem,
    runOwn: createRunOwn(clock, reportFault, freeDescriptors),
    readVersion: createPluginReader(clock),
    clusterUrl: clusterUrlOf(env ?? {}),
    records: ({ resolvers }) => ({ ask: askDns, servers: () => resolvers ?? systemServers() }),
  }
}

const readFile: ReadText = (path) => readText(path, readRegularFile)

const readPem: ReadPem = (path) => {
  const file = readFile(path)
  return file.kind === 'text' ? file.text : undefined
}

/** What cannot be watched is looked at now and then all the same. */
const watchFile: WatchFile = (path, onChange) => {
  const watch = watchFiles({
    onChange() {
      // Folders on the way may be others now.
      void watch.set([path])
      onChange()
    },
    onFault: () => undefined,
  })
  void watch.set([path])
  return () => watch.stop()
}
