/** Pictures of `smartedge top` as text, and a guide with its pictures up to date. */
import { pictureOf } from '../../cli/top/picture.ts'
import { createTheme } from '../../cli/top/theme.ts'
import { type Picture, pictures } from './top-pictures.ts'

export function pictureText({ state, columns, rows, ascii = false }: Picture): string {
  const theme = createTheme({ palette: 'none', ascii })
  // The greyed picture is the only one with codes.
  const lines = pictureOf(state(), { columns, rows, theme }).map((line) => Bun.stripANSI(line).trimEnd())
  return lines.join('\n')
}

/** Each `<!-- picture: name -->` and an empty line are followed by a code block, which is written afresh. Throws on a name that is none. */
export function fillGuide(text: string): string {
  return text.replaceAll(
    /(<!-- picture: ([\w-]+) -->\n\n)(?:```text\n[^`]*```\n)?/g,
    (_, mark: string, name: string) => {
      const picture = pictures.find((one) => one.name === name)
      if (picture === undefined) throw new Error(`docs/top.md shows a picture ${name}, which there is not`)
      const lines = pictureText(picture)
        .split('\n')
        .map((line) => line.trimEnd())
      return `${mark}\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`
    },
  )
}
