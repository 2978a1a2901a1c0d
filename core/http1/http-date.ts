/** HTTP dates (RFC 9110 5.6.7): the one form that is written today, and the two that recipients must still read. Pure. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Names of days are not compared with the date: nothing hinges on them. */
const FORMS = [
  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/,
  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
  /^[A-Z][a-z]{2,5}day, (?<day>\d\d)-(?<month>[A-Z][a-z]{2})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/,
  // asctime: Sun Nov  6 08:49:37 1994
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/,
]

/** ms since 1970-01-01 UTC; undefined for what is no date. Two-digit years are of 1970 to 2069. */
export function parseHttpDate(text: string): number | undefined {
  for (const form of FORMS) {
    const { day, month, year, time } = form.exec(text)?.groups ?? {}
    if (day === undefined || month === undefined || year === undefined || time === undefined) continue
    const [hour = 0, minute = 0, second = 0] = time.split(':').map(Number)
    const monthIndex = MONTHS.indexOf(month)
    // 60: a leap second.
    if (monthIndex < 0 || hour > 23 || minute > 59 || second > 60) return undefined
    const midnight = Date.UTC(fullYear(year), monthIndex, Number(day))
    const isOfMonth = new Date(midnight).getUTCMonth() === monthIndex && Number(day) > 0
    return isOfMonth ? midnight + ((hour * 60 + minute) * 60 + second) * 1000 : undefined
  }
  return undefined
}

function fullYear(written: string): number {
  const year = Number(written)
  if (written.length === 4) return year
  return year < 70 ? 2000 + year : 1900 + year
}
