/** A canvas that is as large as its place, and sharp; what it shows is told in words, too. */
/** @jsxImportSource preact */
import { useEffect, useRef } from 'preact/hooks'

export interface CanvasProps {
  readonly label: string
  /** CSS pixels. */
  readonly height: number
  /** In CSS pixels; called again whenever anything changed. */
  readonly draw: (context: CanvasRenderingContext2D, size: { readonly width: number; readonly height: number }) => void
}

export function Canvas({ label, height, draw }: CanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const newest = useRef(draw)
  newest.current = draw

  const paint = (): void => {
    const { current: element } = canvas
    const context = element?.getContext('2d')
    if (element === null || !context) return
    const [width, ratio] = [element.clientWidth, devicePixelRatio || 1]
    element.width = Math.round(width * ratio)
    element.height = Math.round(height * ratio)
    context.scale(ratio, ratio)
    newest.current(context, { width, height })
  }
  useEffect(paint)
  useEffect(() => {
    const { current: element } = canvas
    if (element === null) return
    const observer = new ResizeObserver(paint)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  return (
    <canvas ref={canvas} class={`canvas canvas-${height}`} role="img" aria-label={label}>
      {label}
    </canvas>
  )
}
