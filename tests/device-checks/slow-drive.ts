/** Long enough that whoever waits for a command has gone to sleep. */
const LATENCY_NS = 5_000_000;

/**
 * QEMU's arguments for a controller whose commands take 5 ms each.
 *
 * @param properties - more of the controller's, such as `addr=4.0`
 */
export function slowDrive(properties = ''): string[] {
  return [
    ...['-blockdev', `driver=null-co,node-name=slow,size=${2 ** 30},read-zeroes=off,latency-ns=${LATENCY_NS}`],
    ...['-device', `nvme,id=slow,serial=PBSLOW,drive=slow,${properties}`],
  ];
}
