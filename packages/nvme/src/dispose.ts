/**
 * `Symbol.asyncDispose` as far as this library needs it: declared for compilers whose library does not have it, and there at run time
 * on every platform. A platform with `await using` has the symbol; elsewhere somebody calls the method by this name.
 */
declare global {
  interface SymbolConstructor {
    /** See `AsyncDisposable` of the language's own library. */
    readonly asyncDispose: unique symbol;
  }
}

/** The name of the method that `await using` calls at the end of a block: `Symbol.asyncDispose`, or what stands for it where there is none. */
export const ASYNC_DISPOSE: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose);

/** Gives the objects of a class their method of the name {@link ASYNC_DISPOSE}. */
export function disposeBy<T extends object>(prototype: T, dispose: (it: T) => Promise<void>): void {
  const value = function (this: T): Promise<void> {
    return dispose(this);
  };
  Object.defineProperty(prototype, ASYNC_DISPOSE, { value, configurable: true, writable: true });
}
