interface SavedValue {
  /** dword 11 of the Set Features that saved it */
  readonly value: number;
  /** makes it the current value */
  readonly restore: () => void;
}

/** The saved values of a controller's features: what Set Features with SV left behind. They survive every reset. [Base] 4.4 */
export class SavedFeatures {
  private readonly values = new Map<string, SavedValue>();

  /**
   * Keeps a value.
   *
   * @param key - which value of which feature, and of which namespace
   * @param value - dword 11
   * @param restore - makes it the current value again
   */
  keep(key: string, value: number, restore: () => void): void {
    this.values.set(key, { value, restore });
  }

  /** The saved value, or undefined when there is none. */
  get(key: string): number | undefined {
    return this.values.get(key)?.value;
  }

  /** A namespace is gone, and so are the values that were saved for it. */
  forget(nsid: number): void {
    for (const key of [...this.values.keys()]) if (key.endsWith(`/${nsid}`)) this.values.delete(key);
  }

  /** After a reset has brought the defaults back, the saved values replace them. */
  restore(): void {
    for (const { restore } of this.values.values()) restore();
  }
}
