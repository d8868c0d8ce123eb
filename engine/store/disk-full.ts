/** What systems say of a disk, a quota or a limit that leaves no room. */
const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
/** ClickHouse's NOT_ENOUGH_SPACE, and what it passes on of the system's words. */
const fullWords = /NOT_ENOUGH_SPACE|No space left on device|Disk quota exceeded|File too large/i

/** Whether an error, or one behind it, says that there is no room on the disk: the system's, ClickHouse's or the store's. */
export function isDiskFull(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as { readonly code?: unknown }
    if (fullCodes.has(code) || code === 'disk-full' || code === '243' || fullWords.test(each.message))
      return true
  }
  return false
}
