import type { ConformanceHost } from './conformance-host.js';
import type { ControllerFacts } from './controller-facts.js';

/** One behaviour that the specification demands of a controller. */
export interface ConformanceCase {
  /** part of the specification, a short name: `registers`, `create-queue`, `read` */
  readonly area: string;
  /** the behaviour, as a sentence about the controller; unique in its area */
  readonly name: string;
  /** where it is demanded, `[Base] 3.1.4.5` */
  readonly section: string;
  /** whether the host does something wrong in it */
  readonly isRefusal: boolean;
  /** whether it needs a bus address without memory */
  readonly needsUnmapped: boolean;
  /** why the case does not apply to a controller; undefined when it does */
  readonly skip: (facts: ControllerFacts) => string | undefined;
  /** Does it, and throws ConformanceFailure when the controller behaves otherwise. The controller is enabled, its admin queue empty. */
  readonly run: (host: ConformanceHost) => Promise<void>;
}

/** What is left out of a {@link ConformanceCase} when it is written down. */
export interface CaseDetails {
  /** why the case does not apply; default it always does */
  readonly skip?: (facts: ControllerFacts) => string | undefined;
  /** whether it points the controller to `ConformanceTarget.unmappedIova`; default false */
  readonly needsUnmapped?: boolean;
}

/** Collects the cases of one area, each with its section. */
export class CaseList {
  /** the cases so far */
  readonly cases: ConformanceCase[] = [];

  /** @param area - see {@link ConformanceCase.area} */
  constructor(readonly area: string) {}

  /** Adds a case in which the host does nothing wrong. */
  accepts(
    section: string,
    name: string,
    run: (host: ConformanceHost) => Promise<void>,
    details: CaseDetails = {},
  ): void {
    this.add(section, name, false, run, details);
  }

  /** Adds a case in which the host does something wrong, which the controller has to refuse or survive. */
  refuses(
    section: string,
    name: string,
    run: (host: ConformanceHost) => Promise<void>,
    details: CaseDetails = {},
  ): void {
    this.add(section, name, true, run, details);
  }

  private add(
    section: string,
    name: string,
    isRefusal: boolean,
    run: (host: ConformanceHost) => Promise<void>,
    details: CaseDetails,
  ): void {
    if (this.cases.some((each) => each.name === name)) {
      throw new RangeError(`name: expected one that ${this.area} does not have yet, got '${name}'`);
    }
    const { skip = () => undefined, needsUnmapped = false } = details;
    this.cases.push({ area: this.area, section, name, isRefusal, run, skip, needsUnmapped });
  }
}
