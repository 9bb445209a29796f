import type { Places } from '../places.js';
import { errorCode, errorText, VfioRefusal } from '../refusal.js';
import { functionFolder } from '../sysfs/pci-function.js';
import type { SystemActions } from './system-actions.js';

/** A thing to be done to the system. */
export interface Step {
  /** the command of a shell that does the same, for a person to read */
  readonly shell: string;
  /** Does it. @throws VfioRefusal when the system does not let it */
  readonly run: (actions: SystemActions) => void;
}

function writeStep(file: string, text: string): Step {
  return {
    shell: text === '\n' ? `echo > ${file}` : `echo ${text} > ${file}`,
    run: (actions) => {
      try {
        actions.writeFile(file, text);
      } catch (error) {
        const cause = { cause: error };
        if (errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM') {
          throw new VfioRefusal('no-permission', `expected to be allowed to write ${file}: run this as root`, cause);
        }
        throw new VfioRefusal('not-taken', `${file} did not take '${text.trim()}': ${errorText(error)}`, cause);
      }
    },
  };
}

/** Says which driver alone may have a function. */
export function setOverride(places: Places, bdf: string, driver: string): Step {
  return writeStep(`${functionFolder(places, bdf)}/driver_override`, driver);
}

/** Lets any driver have a function. */
export function clearOverride(places: Places, bdf: string): Step {
  return writeStep(`${functionFolder(places, bdf)}/driver_override`, '\n');
}

/** Takes a function from the driver that has it. */
export function unbindDriver(places: Places, bdf: string): Step {
  return writeStep(`${functionFolder(places, bdf)}/driver/unbind`, bdf);
}

/** Has the kernel look for the driver of a function that has none. */
export function probeDrivers(places: Places, bdf: string): Step {
  return writeStep(`${places.sysfs}/bus/pci/drivers_probe`, bdf);
}

/** Loads a module with what it needs. */
export function loadModule(module: string): Step {
  return {
    shell: `modprobe ${module}`,
    run: (actions) => {
      const { status, output } = actions.run('modprobe', [module]);
      if (status === 0) return;
      const reason = output.trim() || `modprobe ended with ${status}`;
      throw new VfioRefusal('no-vfio', `the kernel module ${module} cannot be loaded: ${reason}`);
    },
  };
}

/** Gives a file to a user. */
export function giveFile(file: string, uid: number): Step {
  return {
    shell: `chown ${uid} ${file}`,
    run: (actions) => {
      try {
        actions.chown(file, uid);
      } catch (error) {
        const message = `${file} cannot be given to user ${uid}: ${errorText(error)}`;
        throw new VfioRefusal('no-permission', message, { cause: error });
      }
    },
  };
}
