/** Answers that are made slice by slice, each in a turn of its own: however large they are, traffic goes on in between. */

/** The first slice is made at once, so that what throws there is still an answer. Nothing is made that nobody takes. */
export function sliced(slices: Iterator<string, void>, turn: () => Promise<void>, contentType: string): Response {
  const encoder = new TextEncoder()
  let next = slices.next()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          if (next.done === true) return controller.close()
          const { value } = next
          await turn()
          next = slices.next()
          // What waits for a slice would wait for ever behind an empty one.
          if (value !== '') return controller.enqueue(encoder.encode(value))
        }
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: { 'content-type': contentType } })
}
