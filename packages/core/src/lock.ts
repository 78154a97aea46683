/** Runs asynchronous pieces of work one after another, in the order in which they were asked for. */
export type Lock = <Value>(work: () => Promise<Value>) => Promise<Value>;

export function createLock(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    // A failure belongs to who asked for the work; the next in line goes on.
    last = result.catch(() => undefined);
    return result;
  };
}
