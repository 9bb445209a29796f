import { describe, expect, it } from 'vitest';
import { deviceTexts, isMadeForRun, isModelled, parseDevices } from './device-choice.js';

describe('the devices of a command line', () => {
  it.each([
    [[], 'inline'],
    [['thread'], 'thread'],
    [['vfio:01:00.0'], { kind: 'vfio', addresses: ['01:00.0'] }],
    [['vfio:0000:01:00.0,vfio:0000:C1:1f.7'], { kind: 'vfio', addresses: ['0000:01:00.0', '0000:C1:1f.7'] }],
    [['vfio-user:/a', 'vfio-user:/b,c'], { kind: 'vfio-user', paths: ['/a', '/b,c'] }],
    [['vfio-user:/a,vfio-user:/b'], { kind: 'vfio-user', paths: ['/a', '/b'] }],
    [['vfio-user:/inline,d/x:y'], { kind: 'vfio-user', paths: ['/inline,d/x:y'] }],
    [['qtest'], { kind: 'qtest', properties: '' }],
    [['qtest:'], { kind: 'qtest', properties: '' }],
    [['qtest:mdts=5,zoned.zasl=2'], { kind: 'qtest', properties: 'mdts=5,zoned.zasl=2' }],
  ])('%j', (texts, choice) => {
    expect(parseDevices(texts)).toEqual(choice);
    expect(parseDevices(deviceTexts(parseDevices(texts)))).toEqual(choice);
  });

  it.each([
    [['disk'], 'expected inline, thread, vfio:BDF, vfio-user:PATH or qtest, got "disk"'],
    [['inline:1'], 'expected inline, thread'],
    [['vfio'], 'expected a PCI address'],
    [['vfio:'], 'expected a PCI address'],
    [['vfio:01:00.8'], 'expected a PCI address'],
    [['vfio:01:20.0'], 'expected a PCI address'],
    [['vfio:../../etc'], 'expected a PCI address'],
    [['vfio-user:'], 'expected vfio-user:PATH'],
    [['vfio:01:00.0', 'vfio:01:00.0'], 'expected each device once, got "vfio:01:00.0"'],
    [['vfio:01:00.0,inline'], 'expected devices of one kind, vfio as the first, got "inline"'],
    [['qtest', 'qtest:mdts=5'], 'expected one QEMU'],
    [['qtest:mdts'], "expected properties of QEMU's nvme device"],
    [['qtest:serial=1'], 'expected a property that no option here decides, got "serial"'],
    [['qtest:a=b -drive x'], "expected properties of QEMU's nvme device"],
  ])('are not %j', (texts, message) => {
    expect(() => parseDevices(texts)).toThrow(message);
  });

  it('are modelled, made for the run, or found as they are', () => {
    const kinds = ['inline', 'thread', 'qtest', 'vfio:01:00.0', 'vfio-user:/a'].map((text) => parseDevices([text]));
    expect(kinds.map(isModelled)).toEqual([true, true, false, false, false]);
    expect(kinds.map(isMadeForRun)).toEqual([true, true, true, false, false]);
  });
});
