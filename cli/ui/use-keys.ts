/** Keys of the terminal, by name, to whoever wants them. */
import { useInput } from 'ink'
import { keyName } from './keys.ts'

export function useKeys(onKey: (name: string) => void): void {
  useInput((input, key) => {
    const name = keyName(input, key)
    if (name !== '') onKey(name)
  })
}
