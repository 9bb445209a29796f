/** A window of I/O virtual pages: `table[iovaPage - firstIovaPage]` is the device's number of that page, or -1 for a hole. */
export class IovaWindow {
  constructor(
    /** I/O virtual page that the table begins with */
    readonly firstIovaPage: number,
    /** numbers of the device's */
    readonly table: Int32Array,
  ) {}

  /** The window that covers all of `iovaPages`, the first of which is the device's page `firstPage`. */
  static over(iovaPages: Float64Array, firstPage: number): IovaWindow {
    let first = Infinity;
    let last = 0;
    for (let i = 0; i < iovaPages.length; i++) {
      first = Math.min(first, iovaPages[i]);
      last = Math.max(last, iovaPages[i]);
    }
    const table = new Int32Array(last - first + 1).fill(-1);
    for (let i = 0; i < iovaPages.length; i++) table[iovaPages[i] - first] = firstPage + i;
    return new IovaWindow(first, table);
  }
}

/** A page of a window that is hidden by memory of the device's own. */
export interface HiddenPage {
  readonly table: Int32Array;
  readonly at: number;
  readonly page: number;
}

/** Makes holes in `window` where `over` lies, and gives what was there. */
export function hideUnder(window: IovaWindow, over: IovaWindow): HiddenPage[] {
  const hidden: HiddenPage[] = [];
  for (let i = 0; i < over.table.length; i++) {
    const at = over.firstIovaPage + i - window.firstIovaPage;
    if (at < 0 || at >= window.table.length || window.table[at] < 0) continue;
    hidden.push({ table: window.table, at, page: window.table[at] });
    window.table[at] = -1;
  }
  return hidden;
}
