/** Where SmartEdge's own files lie: in a clone, in the installed package, or inside of the program when it is one file. */
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where Bun shows what a compiled program has inside. */
const inside = '/$bunfs/'

/** Whether this is the program of `npm run compile`, without a package around it. */
export const isOneFile: boolean = import.meta.dirname.startsWith(inside)

/** Absolute path of one of our own files, named from the package's folder. */
export const ownFile = (name: string): string => join(import.meta.dirname, '..', name)

/** The same of a package that we depend on, named `package/file`; throws where it is not installed. */
export const packageFile = (name: string): string =>
  isOneFile ? ownFile(`node_modules/${name}`) : fileURLToPath(import.meta.resolve(name))

/** Without links on the way; throws where nothing is. What lies inside of the program has no other path. */
export const realPath = (path: string): string => (path.startsWith(inside) ? path : realpathSync(path))
