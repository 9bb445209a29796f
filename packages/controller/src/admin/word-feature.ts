import { NSID_BROADCAST, SET_FEATURES_CDW10, SQE_CDW11, STATUS_INVALID_FIELD } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import type { Namespace } from '../namespace.js';
import { refuse } from './admin-handler.js';
import { always, type Feature, type FeatureSelect } from './feature.js';

/** What {@link WordRules.wrongByte} gives for a dword that is right. */
export const ALL_RIGHT = -1;

/** A feature whose value is dword 11 of Set Features and dword 0 of Get Features. `value` is dword 11 of the command. */
interface WordRules {
  /** bits that are kept */
  readonly mask: number;
  /** bits that Get Features shows of a saved value; default all that are kept */
  readonly shown?: number;
  /** which of several values dword 11 is about, for features that have several; default one */
  readonly selector?: (value: number) => number;
  /** whether it can be saved; default true */
  readonly isSaveable?: boolean;
  /** whether this controller has it; default true */
  readonly isPresent?: (inside: Internals) => boolean;
  /** byte of dword 11 where it is wrong, or ALL_RIGHT; default all right */
  readonly wrongByte?: (inside: Internals, value: number, isSet: boolean) => number;
  /** the default value */
  readonly initial: (inside: Internals, value: number) => number;
}

/** A word that the controller has. */
export interface ControllerWord extends WordRules {
  readonly read: (inside: Internals, value: number) => number;
  readonly write: (inside: Internals, value: number) => void;
}

/** A word that each namespace has, as the controller sees it. */
export interface NamespaceWord extends WordRules {
  readonly refusesBroadcastGet?: boolean;
  readonly read: (namespace: Namespace, value: number) => number;
  readonly write: (namespace: Namespace, value: number) => void;
  /** whether a namespace takes a value: 0 or the status that refuses it; default all do */
  readonly refusal?: (namespace: Namespace, value: number) => number;
}

/** Makes a feature of a word that the controller has. */
export function controllerWord(featureId: number, rules: ControllerWord): Feature {
  const { isSaveable = true, isPresent = always, selector = single } = rules;
  const key = (value: number): string => `${featureId}:${selector(value)}`;
  return {
    scope: 'controller',
    isSaveable,
    isPresent,
    get: (inside, command, select) =>
      answer(inside, command, select, rules, key(command.cdw(11)), (value) => rules.read(inside, value)),
    set: (inside, command) => {
      const given = command.cdw(11);
      const byte = rules.wrongByte?.(inside, given, true) ?? ALL_RIGHT;
      if (byte !== ALL_RIGHT) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11 + byte);
      const value = (given & rules.mask) >>> 0;
      rules.write(inside, value);
      if (isSaving(command)) inside.savedFeatures.keep(key(given), value, () => rules.write(inside, value));
      return 0;
    },
  };
}

/** Makes a feature of a word that each namespace has. */
export function namespaceWord(featureId: number, rules: NamespaceWord): Feature {
  const { isSaveable = true, isPresent = always, selector = single, refusesBroadcastGet = false } = rules;
  const key = (value: number, nsid: number): string => `${featureId}:${selector(value)}/${nsid}`;
  return {
    scope: 'namespace',
    isSaveable,
    isPresent,
    refusesBroadcastGet,
    get: (inside, command, select) => {
      const namespace = inside.namespaces.get(command.nsid)!;
      const savedAs = key(command.cdw(11), command.nsid);
      return answer(inside, command, select, rules, savedAs, (value) => rules.read(namespace, value));
    },
    set: (inside, command) => {
      const given = command.cdw(11);
      const byte = rules.wrongByte?.(inside, given, true) ?? ALL_RIGHT;
      if (byte !== ALL_RIGHT) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11 + byte);
      const value = (given & rules.mask) >>> 0;
      const targets = targetsOf(inside, command);
      // All are asked before one is changed.
      for (const each of targets) {
        const status = rules.refusal?.(each, value) ?? 0;
        if (status !== 0) return refuse(command, status, SQE_CDW11);
      }
      for (const each of targets) {
        rules.write(each, value);
        if (isSaving(command)) keep(inside, key(given, each.nsid), value, each.nsid, rules);
      }
      return 0;
    },
  };
}

/** The namespaces that a Set Features is about. */
export function targetsOf(inside: Internals, command: Command): readonly Namespace[] {
  const { namespaces } = inside;
  return namespaces.active.filter((each) => command.nsid === NSID_BROADCAST || command.nsid === each.nsid);
}

function keep(inside: Internals, key: string, value: number, nsid: number, rules: NamespaceWord): void {
  inside.savedFeatures.keep(key, value, () => {
    const namespace = inside.namespaces.get(nsid);
    if (namespace !== undefined) rules.write(namespace, value);
  });
}

function answer(
  inside: Internals,
  command: Command,
  select: FeatureSelect,
  rules: WordRules,
  key: string,
  current: (value: number) => number,
): number {
  const value = command.cdw(11);
  const byte = rules.wrongByte?.(inside, value, false) ?? ALL_RIGHT;
  if (byte !== ALL_RIGHT) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11 + byte);
  if (select === 'current') command.result = current(value);
  else if (select === 'saved') command.result = savedOr(rules.initial(inside, value), inside, key, rules);
  else command.result = rules.initial(inside, value);
  return 0;
}

function savedOr(initial: number, inside: Internals, key: string, rules: WordRules): number {
  const saved = inside.savedFeatures.get(key);
  return saved === undefined ? initial : (saved & (rules.shown ?? rules.mask)) >>> 0;
}

function isSaving(command: Command): boolean {
  return SET_FEATURES_CDW10.SV.get(command.cdw(10)) === 1;
}

function single(): number {
  return 0;
}
