/** Instants as logs write them; many lines share one, so the newest of each kind is remembered. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** Of the newest millisecond. */
function remembering(write: (wallTime: number) => string): (wallTime: number) => string {
  let [at, text] = [NaN, '']
  return (wallTime) => {
    const ms = Math.floor(wallTime)
    if (ms === at) return text
    at = ms
    return (text = write(ms))
  }
}

/** `2026-11-26T20:45:00.123Z`. `wallTime`: epoch ms. */
export const isoTime = remembering((wallTime) => new Date(wallTime).toISOString())

/** As the Common Log Format has it, in UTC: `26/Nov/2026:20:45:00 +0000`. */
export const clfTime = remembering((wallTime) => {
  const text = new Date(wallTime).toISOString()
  const month = MONTHS[Number(text.slice(5, 7)) - 1]
  return `${text.slice(8, 10)}/${month}/${text.slice(0, 4)}:${text.slice(11, 19)} +0000`
})
