/**
 * A signal that Ctrl-C raises. Once: a second Ctrl-C ends the program as usual.
 *
 * @param say - what to tell the user then
 */
export function interruptSignal(say: (text: string) => void): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    say('interrupted: what there is so far\n');
    controller.abort();
  });
  return controller.signal;
}
