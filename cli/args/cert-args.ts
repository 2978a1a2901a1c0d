/** The verbs of `smartedge cert`: their arguments, options and one-line purposes. */
import type { Command } from 'commander'
import type { CertOptions } from '../commands/cert.ts'
import type { Io } from '../process/io.ts'
import { withTarget } from './control-args.ts'

/** `finish` gets a verb's exit code; `ioOf` is asked when a verb is called. */
export function addCert(program: Command, ioOf: () => Io, finish: (code: number) => void): void {
  const cert = program
    .command('cert')
    .description('list, renew and bring along the certificates of a running SmartEdge')
    .helpCommand(false)
    .addHelpText('after', '\nThe configuration says which are ordered: "tls" of a listener, with "acme".')
  const verb = (name: string, description: string): Command =>
    withTarget(cert.command(name)).description(description).option('--json', 'the outcome as JSON')
  const load = () => import('../commands/cert.ts')
  verb('list', 'show those that are served, and the names that have none yet').action(async (options: CertOptions) =>
    finish(await (await load()).certList(ioOf(), options)),
  )
  verb('show <name>', 'show all of one').action(async (name: string, options: CertOptions) =>
    finish(await (await load()).certShow(ioOf(), name, options)),
  )
  verb('renew <name>', 'order one now, whatever its dates say').action(async (name: string, options: CertOptions) =>
    finish(await (await load()).certRenew(ioOf(), name, options)),
  )
  verb('import <certificate> <key>', 'keep one from files in PEM for the names of "acme" that it is for').action(
    async (certificate: string, key: string, options: CertOptions) =>
      finish(await (await load()).certImport(ioOf(), { certificate, key }, options)),
  )
}
