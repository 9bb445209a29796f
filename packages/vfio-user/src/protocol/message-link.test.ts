import { closeDescriptor, createEventFd, UnixConnection, UnixListener } from '@phasebit/linux';
import fc from 'fast-check';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeCommand, encodeReply, type Message, NOTHING } from './header.js';
import { closeDescriptors, MessageLink, UNANSWERED_MAX } from './message-link.js';
import { MessageStream } from './message-stream.js';

const COMMAND = 5;
const opened: (() => void)[] = [];
const openFiles = (): number => readdirSync('/proc/self/fd').length;

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** A link, and its peer, which sends what the test says. */
class Pair {
  readonly link: MessageLink;
  readonly peer: UnixConnection;
  private readonly stream: MessageStream;

  constructor() {
    const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-link-'));
    const listener = UnixListener.listen(path.join(folder, 's'));
    this.peer = UnixConnection.connect(listener.path);
    this.link = new MessageLink(listener.accept()!);
    this.stream = new MessageStream(this.peer, 1 << 16);
    listener.close();
    rmSync(folder, { recursive: true });
    opened.push(() => this.close());
  }

  /** What has arrived at the peer. */
  arrived(): Message[] {
    const messages: Message[] = [];
    for (let next = this.stream.receive(); next !== undefined; next = this.stream.receive()) messages.push(next);
    return messages;
  }

  /** Replies to a command, with a byte that says which. */
  reply(id: number, mark: number, descriptors: readonly number[] = []): void {
    this.peer.send(encodeReply(header(id), Uint8Array.of(mark)), descriptors);
  }

  close(): void {
    this.link.close();
    this.peer.close();
  }
}

function header(id: number) {
  return { id, command: COMMAND, bytes: 16, flags: 0, errno: 0 };
}

describe('a link', () => {
  it('gives a reply to who asked something else, or hands it out as a command', () => {
    const pair = new Pair();
    const { link, peer } = pair;
    const ids = [1, 2, 3].map((each) => link.ask(COMMAND, Uint8Array.of(each)));
    expect(pair.arrived().map((each) => [each.header.id, ...each.payload])).toEqual(ids.map((id, i) => [id, i + 1]));
    pair.reply(ids[2], 30);
    peer.send(encodeCommand(7, COMMAND, NOTHING));
    pair.reply(ids[0], 10);
    peer.send(encodeCommand(8, COMMAND, NOTHING));
    expect([link.receive()?.header.id, ids.map((id) => link.isAwaited(id))]).toEqual([7, [true, true, false]]);
    expect([link.receive()?.header.id, ids.map((id) => link.isAwaited(id))]).toEqual([8, [false, true, false]]);
    expect([0, 2].map((i) => link.takeReply(ids[i])?.payload[0])).toEqual([10, 30]);
    expect([link.receive(), link.takeReply(ids[0]), link.failure]).toEqual([undefined, undefined, undefined]);
  });

  it('mixes replies up, whatever the order in which they come, are taken, or are waited for no more', () => {
    const step = fc.record({ what: fc.constantFrom('ask', 'reply', 'take', 'abandon'), which: fc.nat(7) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const pair = new Pair();
        const { link } = pair;
        // By identifier: whether somebody waits, and whether the reply was sent.
        const model = new Map<number, { isWanted: boolean; isSent: boolean }>();
        for (const { what, which } of steps) {
          if (what === 'ask') model.set(link.ask(COMMAND, NOTHING), { isWanted: true, isSent: false });
          const [id, known] = [...model][which % Math.max(1, model.size)] ?? [-1, undefined];
          if (known === undefined) continue;
          if (what === 'reply' && !known.isSent) {
            pair.reply(id, id & 0xff);
            known.isSent = true;
          }
          link.receive();
          if (what === 'take') {
            const isThere = known.isWanted && known.isSent;
            expect(link.takeReply(id)?.payload[0]).toBe(isThere ? id & 0xff : undefined);
          }
          if (what === 'abandon') link.abandon(id);
          if (what === 'take' || what === 'abandon') known.isWanted = false;
          expect(link.isAwaited(id)).toBe(known.isWanted && !known.isSent);
        }
        expect(link.failure).toBeUndefined();
        pair.close();
      }),
      { numRuns: 60 },
    );
  });

  it('leaves descriptors open that nobody was given, or closes those that somebody was', () => {
    const before = openFiles();
    const pair = new Pair();
    const { link } = pair;
    const [given, abandoned, late, left] = Array.from({ length: 4 }, () => link.ask(COMMAND, NOTHING));
    link.abandon(late);
    for (const id of [given, abandoned, late, left]) {
      const fd = createEventFd();
      pair.reply(id, 0, [fd, fd]);
      closeDescriptor(fd);
    }
    link.receive();
    link.abandon(abandoned);
    const { descriptors } = link.takeReply(given)!;
    link.close();
    pair.peer.close();
    expect(openFiles()).toBe(before + 2);
    closeDescriptors({ header: header(0), payload: NOTHING, descriptors });
    expect(openFiles()).toBe(before);
  });

  it('gives a number away again while a reply to it may still come', () => {
    const pair = new Pair();
    const { link } = pair;
    const [awaited, late] = [link.ask(COMMAND, NOTHING), link.ask(COMMAND, NOTHING)];
    link.abandon(late);
    const seen = new Set<number>();
    for (let i = 0; i < 0x1_0000; i++) {
      link.post(COMMAND, NOTHING);
      if (i % 128 === 0) for (const each of pair.arrived().slice(i === 0 ? 2 : 0)) seen.add(each.header.id);
    }
    for (const each of pair.arrived()) seen.add(each.header.id);
    expect([seen.size, seen.has(awaited), seen.has(late)]).toEqual([0xfffe, false, false]);
  });

  it('asks a peer without end that answers nothing', () => {
    const pair = new Pair();
    const { link } = pair;
    for (let i = 0; i < UNANSWERED_MAX; i++) {
      const id = link.ask(COMMAND, NOTHING);
      if (i % 2 === 0) link.abandon(id);
      if (i % 128 === 0) pair.arrived();
    }
    expect(link.failure).toBeUndefined();
    expect(link.isAwaited(link.ask(COMMAND, NOTHING))).toBe(false);
    expect(link.failure).toBe('32768 commands without a reply');
  });
});

describe('a link whose peer', () => {
  it.each<[string, (pair: Pair, id: number) => void, RegExp]>([
    ['replies to nothing', (pair, id) => pair.reply(id + 5, 0), /^a reply to nothing: message 5$/],
    ['replies twice', (pair, id) => [1, 2].forEach((mark) => pair.reply(id, mark)), /^a reply to nothing: message 0$/],
    ['hangs up', ({ peer }) => peer.close(), /^(hung up|send: EPIPE.*)$/],
    ['sends what is no message', ({ peer }) => peer.send(new Uint8Array(16)), /^a message of 0 bytes, expected 16/],
    ['is given up', ({ link }) => link.fail('enough'), /^enough$/],
    ['is hung up on', ({ link }) => link.close(), /^closed$/],
  ])('%s throws, waits for it, sends it more, or forgets why', (_, act, why) => {
    for (const isSentTo of [false, true]) {
      const pair = new Pair();
      const { link } = pair;
      const ids = [link.ask(COMMAND, NOTHING), link.ask(COMMAND, NOTHING)];
      link.abandon(ids[1]);
      pair.arrived();
      act(pair, ids[0]);
      if (isSentTo) link.post(COMMAND, NOTHING);
      expect(link.receive()).toBeUndefined();
      pair.arrived();
      expect(link.failure).toMatch(why);
      link.fail('another reason');
      expect(link.failure).toMatch(why);
      expect(link.isAwaited(ids[0])).toBe(false);
      expect(link.isAwaited(link.ask(COMMAND, NOTHING))).toBe(false);
      link.post(COMMAND, NOTHING);
      link.reply(header(1), 22);
      expect([pair.arrived(), link.receive()]).toEqual([[], undefined]);
    }
  });

  it('is sent more descriptors than can be is believed to have gone', () => {
    const { link } = new Pair();
    expect(() => link.ask(COMMAND, NOTHING, Array<number>(17).fill(0))).toThrow('descriptors: expected up to 16');
    expect(link.failure).toBeUndefined();
  });
});
