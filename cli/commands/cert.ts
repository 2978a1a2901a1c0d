/** `smartedge cert`: lists, shows, renews and imports the certificates of a running edge. */
import type { CertificateView } from '../../core/admin/certificate-view.ts'
import { certificatePath, certificatesPath } from '../../core/view/api-paths.ts'
import { meantOrKnown } from '../../core/suggest.ts'
import { counted } from '../../core/view/amounts.ts'
import type { TargetOptions } from '../client/admin-target.ts'
import { command } from '../client/control-client.ts'
import { exitCode } from '../process/exit-codes.ts'
import type { Io } from '../process/io.ts'
import { readInput } from '../process/read-input.ts'
import { certificateFacts, certificateTable } from '../text/certificate-table.ts'
import { printable } from '../text/text.ts'

export interface CertOptions extends TargetOptions {
  /** The answer as it came. */
  readonly json?: boolean
}

/** Of a chain of ten with its key; the API takes no more. */
const maxBytes = 512 * 1024

export const certList = (io: Io, options: CertOptions): Promise<number> =>
  listed(io, options, (certificates) => {
    if (options.json) {
      io.data(`${JSON.stringify({ certificates }, null, 2)}\n`)
      return exitCode.ok
    }
    if (certificates.length > 0) io.stdout(certificateTable(certificates, Date.now(), io.color))
    const missing = certificates.filter(({ notAfter }) => notAfter === null).length
    io.stdout(`${counted(certificates.length - missing, 'certificate')}${missing > 0 ? `, ${missing} missing` : ''}\n`)
    return exitCode.ok
  })

export const certShow = (io: Io, name: string, options: CertOptions): Promise<number> =>
  listed(io, options, (certificates) => {
    const wanted = name.toLowerCase()
    const found = certificates.filter((one) => one.name === wanted || one.names.includes(wanted))
    if (found.length === 0) {
      const known = certificates.map((one) => one.name)
      const hint = known.length === 0 ? 'no listener serves any' : meantOrKnown(wanted, known)
      io.stderr(`smartedge: there is no certificate for ${printable(name)} (${printable(hint)})\n`)
      return exitCode.failure
    }
    if (options.json) io.data(`${JSON.stringify({ certificates: found }, null, 2)}\n`)
    else io.stdout(found.map((one) => certificateFacts(one, Date.now(), io.color)).join('\n'))
    return exitCode.ok
  })

/** It is ordered then, which takes a while: events and `cert show` tell what becomes of it. */
export const certRenew = (io: Io, name: string, options: CertOptions): Promise<number> =>
  command(io, options, { method: 'POST', path: `${certificatePath(name)}/renew`, tells: 'name' }, (answer) => {
    if (options.json) io.data(`${JSON.stringify(answer, null, 2)}\n`)
    else io.stdout(`${printable(name)} is being ordered; smartedge cert show ${printable(name)} tells how it goes\n`)
    return exitCode.ok
  })

/** `files`: the chain and the key, in either order of lines; one may hold both. */
export async function certImport(
  io: Io,
  files: { readonly certificate: string; readonly key: string },
  options: CertOptions,
): Promise<number> {
  const texts: string[] = []
  for (const file of [files.certificate, files.key]) {
    const input = await readInput(file, io.cwd, maxBytes)
    if (input.kind === 'fault') {
      io.stderr(`smartedge: ${printable(file)} cannot be imported: ${printable(input.reason)}\n`)
      return exitCode.failure
    }
    texts.push(input.text)
  }
  const [certificate = '', key = ''] = texts
  const nameOf = (part: string): string => (part === 'key' ? files.key : files.certificate)
  const ask = { method: 'POST', path: certificatesPath, body: { certificate, key }, tells: 'names', nameOf } as const
  return await command(io, options, ask, (answer) => {
    const { names, notAfter } = answer as { readonly names: readonly string[]; readonly notAfter: string }
    if (options.json) io.data(`${JSON.stringify(answer, null, 2)}\n`)
    else io.stdout(`serves ${printable(names.join(', '))} from now on, until ${printable(notAfter)}\n`)
    return exitCode.ok
  })
}

const listed = (
  io: Io,
  options: CertOptions,
  show: (certificates: readonly CertificateView[]) => number,
): Promise<number> =>
  command(io, options, { method: 'GET', path: certificatesPath, tells: 'certificates' }, (answer) =>
    show((answer as { readonly certificates: readonly CertificateView[] }).certificates),
  )
