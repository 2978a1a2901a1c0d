/** What sources of members stand on: files read and watched as those of the config are, and members read by its rules. */
import { readRegularFile, readText } from '../config/files.ts'
import { readMember } from '../config/read-member.ts'
import { watchFiles } from '../config/watch.ts'
import type { SourceServices } from '../discovery/create-source.ts'
import type { WatchFile } from '../discovery/file.ts'
import type { Ground } from './ground.ts'

export const sourceServices = ({ clock }: Pick<Ground, 'clock'>): SourceServices => ({
  clock,
  readMember,
  readText: (path) => readText(path, readRegularFile),
  watchFile,
})

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
