/**
 * Draws the pictures of `smartedge top` again: those that tests hold (`test/cli/top/golden`) and those of the guide
 * (`docs/top.md`, between the marks). From fixed data, so that only a changed screen changes them.
 */
import { fillGuide, pictureText } from '../test/support/top-guide.ts'
import { pictures } from '../test/support/top-pictures.ts'

const golden = new URL('../test/cli/top/golden/', import.meta.url)
const guide = new URL('../docs/top.md', import.meta.url)

for (const picture of pictures) await Bun.write(new URL(`${picture.name}.txt`, golden), pictureText(picture))
await Bun.write(guide, fillGuide(await Bun.file(guide).text()))
process.stdout.write(`${pictures.length} pictures drawn\n`)
