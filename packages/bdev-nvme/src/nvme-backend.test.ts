import {
  BDEV_ACCEPTED,
  BDEV_STATUS_BAD_ADDRESS,
  BDEV_STATUS_MISCOMPARE,
  BDEV_STATUS_NVME_ERROR,
  BDEV_STATUS_SUCCESS,
  type BdevChannel,
} from '@phasebit/bdev';
import { ActivePassiveSelector, QueueDepthSelector, RoundRobinSelector } from '@phasebit/multipath';
import {
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_NON_OPTIMIZED,
  ANA_STATE_OPTIMIZED,
  STATUS_ANA_INACCESSIBLE,
  STATUS_COMPARE_FAILURE,
  STATUS_CRD_SHIFT,
  STATUS_DNR,
  STATUS_HOST_PATHING_ERROR,
  STATUS_INTERNAL_PATH_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { openChannel, scriptedNamespace, ScriptedPath } from '../test-support/scripted-path.js';

const MS = 1e6;
const NAMESPACE_NOT_READY = 0x82;

/** How I/Os ended: bdev status and NVMe status, in order. */
function outcomesOf(channel: BdevChannel) {
  const outcomes: [status: number, nvmeStatus: number][] = [];
  const callback = (_: unknown, status: number): void => void outcomes.push([status, channel.lastNvmeStatus]);
  return { outcomes, callback };
}

describe('an I/O', () => {
  it('is sent as another command', () => {
    const path = new ScriptedPath();
    const channel = openChannel([path]);
    const { outcomes, callback } = outcomesOf(channel);
    channel.read(4096, 1, 2, callback, 0);
    channel.write(8192, 3, 4, callback, 0);
    channel.compare(4096, 5, 6, callback, 0);
    channel.writeZeroes(7, 8, callback, 0);
    channel.unmap(9, 10, callback, 0);
    channel.flush(callback, 0);
    expect(path.sent.map(({ kind, address, lba, blocks }) => [kind, address, lba, blocks])).toEqual([
      ['read', 4096, 1, 2],
      ['write', 8192, 3, 4],
      ['compare', 4096, 5, 6],
      ['zero', 0, 7, 8],
      ['unmap', 0, 9, 10],
      ['flush', 0, 0, 0],
    ]);
    path.endAll();
    channel.poll();
    expect(outcomes).toEqual(Array.from({ length: 6 }, () => [BDEV_STATUS_SUCCESS, 0]));
  });

  it('ends with a status that says less than the device did', () => {
    const path = new ScriptedPath();
    const channel = openChannel([path]);
    const { outcomes, callback } = outcomesOf(channel);
    channel.compare(4096, 0, 1, callback, 0);
    path.endAll(STATUS_COMPARE_FAILURE | STATUS_DNR);
    channel.poll();
    channel.read(4096, 0, 1, callback, 0);
    path.endAll(STATUS_LBA_OUT_OF_RANGE | STATUS_DNR);
    channel.poll();
    expect(outcomes).toEqual([
      [BDEV_STATUS_MISCOMPARE, STATUS_COMPARE_FAILURE | STATUS_DNR],
      [BDEV_STATUS_NVME_ERROR, STATUS_LBA_OUT_OF_RANGE | STATUS_DNR],
    ]);
    expect(path.sent).toEqual([]);
  });

  it('is lost, or overtaken, when the driver has no request for it', () => {
    const path = new ScriptedPath();
    const channel = openChannel([path]);
    const { outcomes, callback } = outcomesOf(channel);
    path.answer = 1;
    for (let lba = 0; lba < 5; lba++) expect(channel.read(4096, lba, 1, callback, 0)).toBe(BDEV_ACCEPTED);
    channel.poll();
    expect(channel.waiting).toBe(5);
    path.answer = 0;
    channel.poll();
    expect(path.sent.map(({ lba }) => lba)).toEqual([0, 1, 2, 3, 4]);
    path.endAll();
    channel.poll();
    expect(outcomes.length).toBe(5);
  });

  it('whose memory the driver cannot reach is called back inside of its submission, or called something else', () => {
    const path = new ScriptedPath();
    const channel = openChannel([path]);
    const { outcomes, callback } = outcomesOf(channel);
    path.answer = 2;
    expect(channel.read(4096, 0, 1, callback, 0)).toBe(BDEV_ACCEPTED);
    expect(outcomes).toEqual([]);
    channel.poll();
    expect(outcomes).toEqual([[BDEV_STATUS_BAD_ADDRESS, 0]]);
    expect(channel.inFlight).toBe(0);
  });
});

describe('an error that is not the path’s', () => {
  it('is retried more often, or less, than the budget says, and the budget is the next I/O’s too', () => {
    const path = new ScriptedPath();
    const channel = openChannel([path], { retry: { retryLimit: 2, pathErrorTimeoutNs: Infinity }, ioCount: 1 });
    const { outcomes, callback } = outcomesOf(channel);
    for (let io = 1; io <= 5; io++) {
      channel.read(4096, 0, 1, callback, 0);
      for (let attempt = 0; attempt < 3; attempt++) {
        expect(outcomes.length).toBe(io - 1);
        expect(path.sent.length).toBe(1);
        path.endAll(NAMESPACE_NOT_READY);
        channel.poll();
      }
      expect(outcomes.length).toBe(io);
      expect(outcomes.at(-1)).toEqual([BDEV_STATUS_NVME_ERROR, NAMESPACE_NOT_READY]);
    }
  });

  it('ends an I/O that a retry has brought to success', () => {
    const path = new ScriptedPath();
    const channel = openChannel([path]);
    const { outcomes, callback } = outcomesOf(channel);
    channel.write(4096, 0, 1, callback, 0);
    path.endAll(NAMESPACE_NOT_READY);
    channel.poll();
    path.endAll();
    channel.poll();
    expect(outcomes).toEqual([[BDEV_STATUS_SUCCESS, 0]]);
  });

  it.each([
    [1, 300],
    [2, 500],
    [3, 700],
  ])('is retried at another time than the device asked for: CRD %i', (crd, delayMs) => {
    const path = new ScriptedPath({ crdt1: 3, crdt2: 5, crdt3: 7 });
    const channel = openChannel([path]);
    const { callback } = outcomesOf(channel);
    channel.tick(1000 * MS);
    channel.read(4096, 0, 1, callback, 0);
    path.endAll(NAMESPACE_NOT_READY | (crd << STATUS_CRD_SHIFT));
    channel.poll();
    channel.tick((1000 + delayMs) * MS - 1);
    channel.poll();
    expect(path.sent.length).toBe(0);
    channel.tick((1000 + delayMs) * MS);
    channel.poll();
    expect(path.sent.length).toBe(1);
  });
});

describe('a path error', () => {
  it.each([
    ['active-passive', () => new ActivePassiveSelector()],
    ['active-passive, the first preferred', () => new ActivePassiveSelector({ preferred: 0 })],
    ['round-robin', () => new RoundRobinSelector()],
    ['queue-depth', () => new QueueDepthSelector()],
  ])('is met again on the same path although there is another one: %s', (_, makeSelector) => {
    // The path says that something is wrong with it, and nothing else changes: its controller is up and its queue pair connected.
    const paths = [new ScriptedPath(), new ScriptedPath()];
    const channel = openChannel(paths, { selector: makeSelector() });
    const { outcomes, callback } = outcomesOf(channel);
    for (let round = 1; round <= 20; round++) {
      for (let lba = 0; lba < 10; lba++) channel.read(4096, lba, 1, callback, 0);
      paths[0].endAll(STATUS_INTERNAL_PATH_ERROR);
      channel.poll();
      expect(paths[0].sent).toEqual([]);
      paths[1].endAll();
      channel.poll();
      expect(outcomes.length).toBe(round * 10);
    }
    expect(outcomes.every(([status]) => status === BDEV_STATUS_SUCCESS)).toBe(true);
  });

  it('of the only optimized path is met again although a non-optimized one would do', () => {
    const paths = [new ScriptedPath(), new ScriptedPath()];
    paths[1].anaState = ANA_STATE_NON_OPTIMIZED;
    const channel = openChannel(paths);
    const { outcomes, callback } = outcomesOf(channel);
    channel.read(4096, 0, 1, callback, 0);
    paths[0].endAll(STATUS_INTERNAL_PATH_ERROR);
    channel.poll();
    expect(paths.map(({ sent }) => sent.length)).toEqual([0, 1]);
    // Others still begin on the better path.
    channel.read(4096, 1, 1, callback, 0);
    expect(paths.map(({ sent }) => sent.length)).toEqual([1, 1]);
    for (const path of paths) path.endAll();
    channel.poll();
    expect(outcomes.map(([status]) => status)).toEqual([BDEV_STATUS_SUCCESS, BDEV_STATUS_SUCCESS]);
  });

  it('is not tried on the other path at once, or turns the two paths into a retry storm', () => {
    const paths = [new ScriptedPath(), new ScriptedPath()];
    const channel = openChannel(paths);
    const { outcomes, callback } = outcomesOf(channel);
    channel.read(4096, 0, 1, callback, 0);
    let attempts = 0;
    for (let ms = 1; ms <= 1000; ms++) {
      channel.tick(ms * MS);
      channel.poll();
      for (const path of paths) {
        attempts += path.sent.length;
        path.endAll(STATUS_INTERNAL_PATH_ERROR);
      }
      if (ms === 3) expect(attempts).toBeGreaterThanOrEqual(2);
    }
    expect(outcomes).toEqual([]);
    expect(attempts).toBeGreaterThan(50);
    expect(attempts).toBeLessThan(150);
    // One of the two gets well.
    for (let ms = 1001; ms <= 1050; ms++) {
      channel.tick(ms * MS);
      channel.poll();
      for (const path of paths) path.endAll(path === paths[1] ? 0 : STATUS_INTERNAL_PATH_ERROR);
    }
    expect(outcomes).toEqual([[BDEV_STATUS_SUCCESS, 0]]);
  });

  it('goes on for longer than the policy allows', () => {
    const path = new ScriptedPath();
    const channel = openChannel([path], { retry: { retryLimit: 3, pathErrorTimeoutNs: 200 * MS } });
    const { outcomes, callback } = outcomesOf(channel);
    channel.tick(5 * MS);
    channel.read(4096, 0, 1, callback, 0);
    let endedMs = 0;
    for (let ms = 6; ms <= 400 && endedMs === 0; ms++) {
      channel.tick(ms * MS);
      path.endAll(STATUS_INTERNAL_PATH_ERROR);
      channel.poll();
      if (outcomes.length > 0) endedMs = ms;
    }
    expect(outcomes).toEqual([[BDEV_STATUS_NVME_ERROR, STATUS_INTERNAL_PATH_ERROR]]);
    expect(endedMs).toBeGreaterThanOrEqual(200);
    expect(endedMs).toBeLessThan(230);
  });

  it('of a path that is lost fails what waits, although the other path can be used', () => {
    const paths = [new ScriptedPath(), new ScriptedPath()];
    const channel = openChannel(paths);
    const { outcomes, callback } = outcomesOf(channel);
    for (let lba = 0; lba < 8; lba++) channel.write(4096, lba, 1, callback, 0);
    paths[0].disconnect();
    expect(outcomes).toEqual([]);
    channel.poll();
    expect(paths[1].sent.map(({ lba }) => lba)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // New ones go there at once.
    channel.write(4096, 99, 1, callback, 0);
    expect(paths[1].sent.at(-1)?.lba).toBe(99);
    paths[1].endAll();
    channel.poll();
    expect(outcomes).toEqual(Array.from({ length: 9 }, () => [BDEV_STATUS_SUCCESS, 0]));
  });

  it('is met by I/O that is sent over a queue pair which is gone although its controller is up', () => {
    const paths = [new ScriptedPath(), new ScriptedPath()];
    const channel = openChannel(paths);
    const { outcomes, callback } = outcomesOf(channel);
    paths[0].connected = false;
    channel.read(4096, 0, 1, callback, 0);
    channel.poll();
    channel.read(4096, 1, 1, callback, 0);
    expect(paths[1].sent.map(({ lba }) => lba)).toEqual([0, 1]);
    paths[1].endAll();
    channel.poll();
    expect(outcomes.map(([status]) => status)).toEqual([BDEV_STATUS_SUCCESS, BDEV_STATUS_SUCCESS]);
  });

  it('with no path left waits for ever, or is told outside of a poll', () => {
    const paths = [new ScriptedPath(), new ScriptedPath()];
    const channel = openChannel(paths);
    const { outcomes, callback } = outcomesOf(channel);
    for (let lba = 0; lba < 4; lba++) channel.read(4096, lba, 1, callback, 0);
    paths[0].disconnect();
    channel.poll();
    paths[1].disconnect();
    expect(outcomes).toEqual([]);
    channel.poll();
    expect(outcomes).toEqual(Array.from({ length: 4 }, () => [BDEV_STATUS_NVME_ERROR, 0x371]));
    channel.read(4096, 0, 1, callback, 0);
    expect(outcomes.length).toBe(4);
    channel.poll();
    expect(outcomes[4]).toEqual([BDEV_STATUS_NVME_ERROR, STATUS_HOST_PATHING_ERROR]);
    expect(channel.inFlight).toBe(0);
  });

  it('of a write whose outcome is not known lets it be overtaken by what the lost path may still do', () => {
    // Command Quiesce Time: what was sent over a path may take effect for that long after it is lost.
    const paths = [new ScriptedPath({ cqt: 100 }), new ScriptedPath()];
    const channel = openChannel(paths);
    const { callback } = outcomesOf(channel);
    channel.tick(1000 * MS);
    channel.write(4096, 1, 1, callback, 0);
    channel.read(4096, 2, 1, callback, 0);
    channel.flush(callback, 0);
    paths[0].disconnect();
    channel.poll();
    expect(paths[1].sent.map(({ kind }) => kind)).toEqual(['read', 'flush']);
    channel.tick(1099 * MS);
    channel.poll();
    expect(paths[1].sent.length).toBe(2);
    channel.tick(1100 * MS);
    channel.poll();
    expect(paths[1].sent.map(({ kind }) => kind)).toEqual(['read', 'flush', 'write']);
  });
});

describe('an ANA status', () => {
  it('asks for the log once for each I/O, or sends more I/O to where it came from', () => {
    const paths = [new ScriptedPath(), new ScriptedPath()];
    const channel = openChannel(paths);
    const { outcomes, callback } = outcomesOf(channel);
    for (let lba = 0; lba < 10; lba++) channel.read(4096, lba, 1, callback, 0);
    paths[0].endAll(STATUS_ANA_INACCESSIBLE);
    channel.poll();
    expect(paths[0].refreshes).toBe(1);
    expect(paths[0].sent.length).toBe(0);
    expect(paths[1].sent.length).toBe(10);
    // The log says inaccessible; then it says that all is well again.
    paths[0].anaState = ANA_STATE_INACCESSIBLE;
    paths[0].version++;
    channel.tick(MS);
    channel.read(4096, 50, 1, callback, 0);
    expect(paths[1].sent.length).toBe(11);
    paths[0].anaState = ANA_STATE_OPTIMIZED;
    paths[0].version++;
    paths[1].endAll();
    channel.tick(2 * MS);
    channel.poll();
    expect(outcomes.length).toBe(11);
    expect(outcomes.every(([status]) => status === BDEV_STATUS_SUCCESS)).toBe(true);
  });
});

describe('a controller that is reset', () => {
  it('keeps what waits in the driver, although another path would do', () => {
    const paths = [new ScriptedPath(), new ScriptedPath()];
    const channel = openChannel(paths);
    const { outcomes, callback } = outcomesOf(channel);
    for (let lba = 0; lba < 4; lba++) channel.read(4096, lba, 1, callback, 0);
    Object.assign(paths[0], { state: 'RESETTING', suspended: true });
    channel.tick(MS);
    channel.poll();
    expect(paths.map(({ sent }) => sent.length)).toEqual([0, 4]);
    paths[1].endAll();
    channel.poll();
    expect(outcomes).toEqual(Array.from({ length: 4 }, () => [BDEV_STATUS_SUCCESS, 0]));
  });

  it('is the only one, and I/O waits for longer than fast-I/O-fail says, or is not sent when it is back', () => {
    const times = { ctrlrLossTimeoutMs: 1000, reconnectDelayMs: 10, fastIoFailTimeoutMs: 100 };
    const path = new ScriptedPath({}, times);
    const channel = openChannel([path]);
    const { outcomes, callback } = outcomesOf(channel);
    for (const [lostMs, backMs, sent] of [
      [0, 99, 1],
      [1000, 1101, 0],
    ]) {
      path.state = 'RESETTING';
      channel.tick(lostMs * MS);
      channel.write(4096, 1, 1, callback, 0);
      for (let ms = lostMs; ms < backMs; ms++) {
        channel.tick(ms * MS);
        channel.poll();
      }
      path.state = 'READY';
      channel.tick(backMs * MS);
      channel.poll();
      expect(path.sent.length).toBe(sent);
      path.endAll();
      channel.poll();
    }
    expect(outcomes).toEqual([
      [BDEV_STATUS_SUCCESS, 0],
      [BDEV_STATUS_NVME_ERROR, STATUS_HOST_PATHING_ERROR],
    ]);
  });
});

describe('a queue pair that is lost alone', () => {
  it('is not made again until a channel is opened anew, or is made twice', async () => {
    const path = new ScriptedPath();
    const channel = openChannel([path]);
    const { outcomes, callback } = outcomesOf(channel);
    channel.read(4096, 1, 1, callback, 0);
    path.losePair();
    path.refusesPairs = true;
    for (let ms = 1; ms < 50; ms++) {
      channel.tick(ms * MS);
      channel.poll();
      await Promise.resolve();
    }
    expect([path.created, outcomes]).toEqual([0, []]);
    path.refusesPairs = false;
    for (let ms = 50; ms < 100; ms++) {
      channel.tick(ms * MS);
      channel.poll();
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
    expect([path.created, path.sent.length]).toEqual([1, 1]);
    path.endAll();
    channel.poll();
    expect(outcomes).toEqual([[BDEV_STATUS_SUCCESS, 0]]);
    channel.close();
    expect(path.deleted).toBe(1);
  });

  it('and cannot be had again makes I/O wait for ever although there is a time for that', async () => {
    const times = { ctrlrLossTimeoutMs: -1, reconnectDelayMs: 10, fastIoFailTimeoutMs: 100 };
    const path = new ScriptedPath({}, times);
    const channel = openChannel([path]);
    const { outcomes, callback } = outcomesOf(channel);
    channel.tick(500 * MS);
    channel.read(4096, 1, 1, callback, 0);
    path.refusesPairs = true;
    path.losePair();
    for (let ms = 501; ms <= 600; ms++) {
      expect(outcomes).toEqual([]);
      channel.tick(ms * MS);
      channel.poll();
      await Promise.resolve();
    }
    expect(outcomes).toEqual([[BDEV_STATUS_NVME_ERROR, 0x371]]);
  });

  it('of a channel that is closed meanwhile stays behind', async () => {
    const path = new ScriptedPath();
    const channel = openChannel([path]);
    path.losePair();
    channel.tick(MS);
    channel.tick(2 * MS);
    expect(path.created).toBe(1);
    channel.close();
    for (let i = 0; i < 5; i++) await Promise.resolve();
    expect(path.deleted).toBe(1);
    channel.tick(3 * MS);
    expect(path.created).toBe(1);
  });
});

describe('a namespace that a controller denies', () => {
  const DENIED = STATUS_INVALID_FIELD | STATUS_DNR;

  it('is looked for more than once, or never, and its answer is not believed in the end', () => {
    const path = new ScriptedPath();
    const channel = openChannel([path]);
    const { outcomes, callback } = outcomesOf(channel);
    for (let lba = 0; lba < 3; lba++) channel.read(4096, lba, 1, callback, 0);
    path.endAll(DENIED);
    channel.poll();
    channel.poll();
    expect([path.rescans, path.sent.length, outcomes]).toEqual([1, 0, []]);
    // It is still there.
    path.scans++;
    channel.tick(20 * MS);
    channel.poll();
    expect(path.sent.length).toBe(3);
    path.sent[0].end();
    path.sent[1].end(DENIED);
    path.sent[2].end();
    channel.poll();
    channel.poll();
    expect(outcomes).toEqual([
      [BDEV_STATUS_SUCCESS, 0],
      [BDEV_STATUS_SUCCESS, 0],
      [BDEV_STATUS_NVME_ERROR, DENIED],
    ]);
  });

  it('is gone, and I/O waits, or ends without that reason, or is not sent when it is back', () => {
    const path = new ScriptedPath();
    const channel = openChannel([path]);
    const { outcomes, callback } = outcomesOf(channel);
    channel.read(4096, 1, 1, callback, 0);
    path.endAll(DENIED);
    channel.poll();
    channel.read(4096, 2, 1, callback, 0);
    path.namespace = undefined;
    path.scans++;
    channel.tick(MS);
    channel.poll();
    channel.read(4096, 3, 1, callback, 0);
    channel.poll();
    const gone = [BDEV_STATUS_NVME_ERROR, STATUS_INVALID_NAMESPACE | STATUS_DNR];
    expect(outcomes).toEqual([[BDEV_STATUS_NVME_ERROR, DENIED], gone, gone]);
    path.namespace = scriptedNamespace({ blocks: 2000 });
    channel.tick(2 * MS);
    channel.read(4096, 4, 1, callback, 0);
    expect(path.sent.length).toBe(1);
    // Another one in its place is as bad as none.
    path.endAll();
    channel.poll();
    path.namespace = scriptedNamespace({ uuid: 'another' });
    channel.tick(3 * MS);
    channel.read(4096, 5, 1, callback, 0);
    channel.poll();
    expect(outcomes.slice(3)).toEqual([[BDEV_STATUS_SUCCESS, 0], gone]);
  });
});

describe('commands under way on a path', () => {
  it('are not counted down when they fail, so that the path looks busy for ever', () => {
    const paths = [new ScriptedPath(), new ScriptedPath()];
    const channel = openChannel(paths, { selector: new QueueDepthSelector() });
    const { callback } = outcomesOf(channel);
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 4; i++) channel.read(4096, i, 1, callback, 0);
      expect(paths.map(({ sent }) => sent.length)).toEqual([2, 2]);
      // What ends makes its path the less busy one, however it ends.
      const [first, second] = round % 2 === 0 ? paths : [...paths].reverse();
      first.endAll(round % 3 === 0 ? STATUS_LBA_OUT_OF_RANGE | STATUS_DNR : 0);
      channel.poll();
      for (let i = 0; i < 2; i++) channel.read(4096, i, 1, callback, 0);
      expect([first.sent.length, second.sent.length]).toEqual([2, 2]);
      for (const path of paths) path.endAll();
      channel.poll();
      expect(channel.inFlight).toBe(0);
    }
  });
});

describe('a channel that is closed', () => {
  it('leaves queue pairs behind, also those of a controller that has failed', () => {
    const paths = [new ScriptedPath(), new ScriptedPath(), new ScriptedPath()];
    const channel = openChannel(paths);
    paths[1].disconnect();
    paths[2].state = 'DETACHED';
    channel.close();
    expect(paths.map(({ deleted }) => deleted)).toEqual([1, 1, 0]);
  });
});
