import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** What the process used between two readings. */
export interface ResourceUse {
  /** processor time of all threads, user and system, in nanoseconds */
  readonly userNs: number;
  readonly systemNs: number;
  /** growth of this thread's heap, added up from sample to sample: what the run allocated, short of what a collection took within one */
  readonly bytesAllocated: number;
  /** garbage collections of this thread */
  readonly garbageCollections: number;
}

/** Measures what a run costs the process. Call {@link ResourceMeter.sample} at every slice, a few tens of milliseconds apart. */
export class ResourceMeter {
  private bytesAllocated = 0;
  private heapBytes = 0;
  private collections = 0;
  private cpu = process.cpuUsage();
  private readonly observer: PerformanceObserver;

  constructor() {
    this.observer = new PerformanceObserver((list) => {
      this.collections += list.getEntries().length;
    });
    this.observer.observe({ entryTypes: ['gc'] });
    this.heapBytes = getHeapStatistics().used_heap_size;
  }

  /** Starts counting anew. */
  restart(): void {
    this.bytesAllocated = 0;
    this.collections = 0;
    this.heapBytes = getHeapStatistics().used_heap_size;
    this.cpu = process.cpuUsage();
  }

  /** Leaves out what was allocated since the last sample: the report's own doing. */
  skip(): void {
    this.heapBytes = getHeapStatistics().used_heap_size;
  }

  /** Takes in what was allocated since the last sample. */
  sample(): void {
    const heapBytes = getHeapStatistics().used_heap_size;
    if (heapBytes > this.heapBytes) this.bytesAllocated += heapBytes - this.heapBytes;
    this.heapBytes = heapBytes;
  }

  /** What has been used since the start. */
  read(): ResourceUse {
    const { user, system } = process.cpuUsage(this.cpu);
    return {
      userNs: user * 1e3,
      systemNs: system * 1e3,
      bytesAllocated: this.bytesAllocated,
      garbageCollections: this.collections,
    };
  }

  /** Stops observing. */
  close(): void {
    this.observer.disconnect();
  }
}
