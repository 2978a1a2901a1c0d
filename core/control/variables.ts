/**
 * Which variables a text of the API may read: those that the files on disk read at the same place. Any other could be told
 * to whoever sent the text, by the plan that comes of it.
 */
import { findNodeAtLocation, type Node } from 'jsonc-parser'
import type { MayRead } from '../config/read/reading.ts'
import { readTree } from '../config/read/tree.ts'
import type { FilesRead } from './read-files.ts'

export function asOnDisk(read: FilesRead): MayRead {
  const trees = new Map<string, Node | undefined>()
  const treeOf = (file: string): Node | undefined => {
    if (!trees.has(file)) trees.set(file, readTree(read.text(file) ?? '').root)
    return trees.get(file)
  }
  return (file, path, written) => {
    const tree = treeOf(file)
    return tree !== undefined && findNodeAtLocation(tree, [...path])?.value === written
  }
}
