/** Rewrites the members file named on its command line again and again, a dot on standard output each time, until killed. */
import { readFileSync } from 'node:fs'
import { stageText } from '../../core/config/edit/write.ts'

const [path = ''] = process.argv.slice(2)
for (let round = 1; round < 100_000; round++) {
  const text = JSON.stringify({ backends: Array<string>(20_000).fill(`http://h${round}`) })
  const staged = await stageText(path, text)
  if (staged.kind !== 'staged' || staged.replace(readFileSync(path, 'utf8')).kind !== 'replaced') process.exit(1)
  await staged.flush()
  process.stdout.write('.')
}
