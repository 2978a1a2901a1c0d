/** Service times by their distribution: mean or greatest ms and a uniform draw in [0, 1) -> ms. */

export type ServiceTime = (draw: number) => number

export const constant =
  (ms: number): ServiceTime =>
  () =>
    ms

export const exponential =
  (meanMs: number): ServiceTime =>
  (draw) =>
    -Math.log(1 - draw) * meanMs

export const uniform =
  (maxMs: number): ServiceTime =>
  (draw) =>
    draw * maxMs

/**
 * Now and then far longer than the mean: two exponentials with balanced means, so that `cv`, the standard deviation over
 * the mean, is as given (> 1).
 */
export function heavyTailed(meanMs: number, cv: number): ServiceTime {
  const short = (1 + Math.sqrt((cv * cv - 1) / (cv * cv + 1))) / 2
  const [shorter, longer] = [exponential(meanMs / (2 * short)), exponential(meanMs / (2 * (1 - short)))]
  return (draw) => (draw < short ? shorter(draw / short) : longer((draw - short) / (1 - short)))
}
