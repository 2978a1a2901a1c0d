/** Keys of the terminal, by name, to whoever wants them. */
import { useInput, usePaste } from 'ink'
import { keyNames } from './keys.ts'

/** What is pasted comes as one long name, which means something only where text is typed. */
export function useKeys(onKey: (name: string) => void): void {
  useInput((input, key) => {
    for (const name of keyNames(input, key)) onKey(name)
  })
  usePaste(onKey)
}
