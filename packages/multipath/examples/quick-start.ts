import {
  ActivePassiveSelector,
  CompletionFacts,
  CONTROLLER_LIVE,
  CONTROLLER_RESETTING,
  describeDisposition,
  judgeCompletion,
  PathGroup,
  RETRY_POLICY_DEFAULT,
  Verdict,
} from '@phasebit/multipath';
import { STATUS_HOST_PATHING_ERROR } from '@phasebit/nvme-spec';

// Two controllers show one namespace. Both are up, and path 0 is the one to use.
const group = new PathGroup(2);
for (const path of [group.add({ quiesceNs: 2e9 }), group.add({ quiesceNs: 2e9 })]) {
  group.setController(path, CONTROLLER_LIVE, 0);
  group.setConnected(path, true, 0);
}
const selector = new ActivePassiveSelector({ preferred: 0 });
let path = selector.select(group, -1);
console.log('path', path); // path 0

// At 10 s its controller goes away, and a write comes back without a word from the device.
const lostAtNs = 10e9;
group.setController(path, CONTROLLER_RESETTING, lostAtNs);
const facts = Object.assign(new CompletionFacts(), {
  status: STATUS_HOST_PATHING_ERROR,
  path,
  nowNs: lostAtNs + 0.5e9,
  isConfirmed: false,
  changesData: true,
});
const verdict = new Verdict();
judgeCompletion(facts, group, RETRY_POLICY_DEFAULT, verdict);

// It goes to the other path, but not before the old controller can no longer carry it out.
path = selector.select(group, path);
console.log(describeDisposition(verdict.action), 'to path', path, 'in', verdict.delayNs / 1e9, 's'); // fail over to path 1 in 1.5 s

// The controller comes back, and so does the I/O.
group.setController(0, CONTROLLER_LIVE, 20e9);
console.log('path', selector.select(group, path)); // path 0
