/**
 * How long it takes until what a server says of its members counts, and what clients lose while it is killed and started
 * again, for each kind: `bun test/e2e/found.ts [kind]`; with containers of Podman only where it says `podman`.
 */
import { followMembers } from '../support/found-members.ts'
import { startPodman } from '../support/podman.ts'
import { registries } from '../support/registries.ts'

const [, , only] = process.argv
for (const [kind, start] of Object.entries(only === 'podman' ? { podman: startPodman } : registries)) {
  if (only !== undefined && kind !== only) continue
  const { requests, failures, joinMs, leaveMs, recoverMs } = await followMembers(start)
  const times = `joins after ${joinMs} ms, leaves after ${leaveMs} ms, follows ${recoverMs} ms after the restart`
  console.log(`${kind}: ${requests} requests, ${failures.length} failed; ${times}`)
  for (const failure of new Set(failures)) console.log(`  ${failure}`)
}
