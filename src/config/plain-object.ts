export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // By its parent rather than by Object.prototype: a file may be evaluated in another realm.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
