/** Puts back what was there. */
export type Undo = () => void;

/** Gives one object another value under a key, until it is undone. Its class and other objects keep theirs. */
export function replace<Key extends PropertyKey>(
  object: Partial<Record<Key, unknown>>,
  key: Key,
  value: unknown,
): Undo {
  const own = Object.getOwnPropertyDescriptor(object, key);
  Object.defineProperty(object, key, { value, configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(object, key, own);
    else Reflect.deleteProperty(object, key);
  };
}
