/** TLS in front: requests over connections that stay, whole handshakes, and handshakes that take up a session of before; and TLS to backends. */
import { makeCertificate } from '../certificate.ts'
import { assemble, fullSpeed, race } from '../race.ts'
import { type Measurement, measure } from '../measure.ts'
import type { Sample, Scenario, Stage } from '../scenario.ts'

/** Those whose configuration knows TLS here. */
const securedOf = (stage: Stage): Stage => ({
  ...stage,
  peers: stage.peers.filter(({ name }) => /^(smartedge|nginx|haproxy)/.test(name)),
})

/** Enough for a figure, and quickly opened. */
const IDLE = 2000

export const tls: Scenario = {
  name: 'tls',
  summary:
    'Requests over TLS connections that stay: small ones, 13 header fields, 1 MiB; and what an idle one costs in memory.',
  effort: { runs: 4, starts: 3 },
  async run(outer) {
    const stage = securedOf(outer)
    const certificate = makeCertificate(stage.arena.directory, 'ecdsa')
    const changes = { tls: { resumes: false } }
    for (const profile of ['headers-2', 'headers-13', 'body-1m']) {
      const field = await assemble(stage, profile, { delaysMs: [0], tls: certificate }, changes)
      await race(stage, field, { scenario: 'tls', variant: profile, changes, values: fullSpeed })
      if (profile === 'headers-2') await idle(stage, field)
      await field.stop()
    }
  },
}

/** In one round: memory hardly varies. */
async function idle(stage: Stage, { contestants, planFor }: Awaited<ReturnType<typeof assemble>>): Promise<void> {
  for (const contestant of contestants) {
    stage.progress(`tls: idle connections of ${contestant.name}`)
    const plan = planFor(contestant, { tls: { resumes: false }, pace: { kind: 'open', ratePerSecond: 500 } })
    const alone = await measure(stage, contestant, plan)
    const beside = await measure(stage, contestant, { ...plan, idle: IDLE })
    await stage.crew.run({ ...plan, durationMs: 50, idle: 0 })
    const idleBytes = Math.max(0, beside.memoryBytes - alone.memoryBytes) / IDLE
    const values = { memoryBytes: beside.memoryBytes, idleBytes }
    const variant = `${IDLE} idle connections`
    stage.record({ scenario: 'tls', variant, contestant: contestant.name, values, flaws: [], curve: [] })
  }
}

export const tlsBackends: Scenario = {
  name: 'tls-backends',
  summary: 'Backends that speak TLS, verified, over connections that stay: small requests, 13 header fields, 1 MiB.',
  effort: { runs: 3, starts: 3 },
  async run(outer) {
    const stage = securedOf(outer)
    const certificate = makeCertificate(stage.arena.directory, 'ecdsa')
    for (const profile of ['headers-2', 'headers-13', 'body-1m']) {
      const field = await assemble(stage, profile, { delaysMs: [0], backendTls: certificate })
      await race(stage, field, { scenario: 'tls-backends', variant: profile, changes: {}, values: fullSpeed })
      await field.stop()
    }
  },
}

/** A scenario in which each request comes by a connection of its own. */
const handshaking = (
  name: string,
  summary: string,
  { kinds, resumes }: { readonly kinds: readonly ('ecdsa' | 'rsa')[]; readonly resumes: boolean },
): Scenario => ({
  name,
  summary,
  effort: { runs: kinds.length, starts: kinds.length },
  async run(outer) {
    const stage = securedOf(outer)
    const changes = { reconnect: true, tls: { resumes } }
    const values = (measurement: Measurement): Sample['values'] => {
      const { resumed, requests } = measurement.load
      return { ...fullSpeed(measurement), ...(resumes && { resumedShare: resumed / Math.max(1, requests) }) }
    }
    for (const kind of kinds) {
      const certificate = makeCertificate(stage.arena.directory, kind)
      const field = await assemble(stage, 'headers-2', { delaysMs: [0], tls: certificate }, changes)
      await race(stage, field, { scenario: name, variant: kind.toUpperCase(), changes, values })
      await field.stop()
    }
  },
})

export const handshakes = handshaking(
  'handshakes',
  'A new TLS connection, with a whole handshake, for each request: ECDSA on P-256, and RSA of 2048 bits.',
  { kinds: ['ecdsa', 'rsa'], resumes: false },
)

export const resumed = handshaking(
  'resumed',
  'A new TLS connection for each request, which takes up the session of the one before.',
  { kinds: ['ecdsa'], resumes: true },
)
