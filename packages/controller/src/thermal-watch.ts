/** One temperature, and how often and how long it was reached. */
class Level {
  /** times it was reached from below */
  transitions = 0;
  private sinceNs = -1;
  private totalNs = 0;

  /** @param kelvin - 0 for a level that is off */
  constructor(public kelvin: number) {}

  /** Whether it is reached now. */
  get isReached(): boolean {
    return this.sinceNs >= 0;
  }

  /** How long it was reached so far, nanoseconds. */
  durationNs(nowNs: number): number {
    return this.totalNs + (this.isReached ? nowNs - this.sinceNs : 0);
  }

  /** The temperature is `kelvin` from now on. @returns whether the level was reached with that */
  look(kelvin: number, nowNs: number): boolean {
    const isReached = this.kelvin !== 0 && kelvin >= this.kelvin;
    if (isReached === this.isReached) return false;
    if (isReached) {
      this.sinceNs = nowNs;
      this.transitions++;
      return true;
    }
    this.totalNs += nowNs - this.sinceNs;
    this.sinceNs = -1;
    return false;
  }
}

/** How often and how long the controller was too warm. The codes of the levels are those of the Thermal Excursion event. */
export class ThermalWatch {
  /** Warning Composite Temperature, code 1. */
  readonly warning: Level;
  /** Critical Composite Temperature, code 2. */
  readonly critical: Level;
  /** Thermal Management Temperature 1, code 3. */
  readonly light: Level = new Level(0);
  /** Thermal Management Temperature 2, code 4. */
  readonly heavy: Level = new Level(0);

  /**
   * @param warningKelvin - WCTEMP
   * @param criticalKelvin - CCTEMP
   */
  constructor(warningKelvin: number, criticalKelvin: number) {
    this.warning = new Level(warningKelvin);
    this.critical = new Level(criticalKelvin);
  }

  /**
   * The temperature, or a level, has changed.
   *
   * @param tell - gets, for each level that was reached with that, how far it was passed and its code
   */
  look(kelvin: number, nowNs: number, tell: (kelvins: number, code: number) => void): void {
    [this.warning, this.critical, this.light, this.heavy].forEach((level, i) => {
      if (level.look(kelvin, nowNs)) tell(kelvin - level.kelvin, i + 1);
    });
  }
}
