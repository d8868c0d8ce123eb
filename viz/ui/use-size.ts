import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'

/** Height of an element, CSS pixels, kept up to date. */
export function useHeight(ref: RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(0)
  useLayoutEffect(() => {
    const element = ref.current
    if (element === null) return
    const observer = new ResizeObserver(() => setHeight(element.clientHeight))
    observer.observe(element)
    setHeight(element.clientHeight)
    return () => observer.disconnect()
  }, [ref])
  return height
}

const phone = '(max-width: 767px)'

/** Whether the window is a phone's: no 3D unless asked for. */
export function useIsPhone(): boolean {
  const [isPhone, setPhone] = useState(() => matchMedia(phone).matches)
  useLayoutEffect(() => {
    const query = matchMedia(phone)
    const follow = (): void => setPhone(query.matches)
    query.addEventListener('change', follow)
    return () => query.removeEventListener('change', follow)
  }, [])
  return isPhone
}
