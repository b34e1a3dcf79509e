declare const approved: unique symbol;

/** A value that passed risk. Only `approve` makes one, so an order that did not pass cannot be sent. */
export type Approved<T> = T & { readonly [approved]: true };

/** Marks an order as passed. Called by the risk check and nowhere else. */
export function approve<T>(value: T): Approved<T> {
  return value as Approved<T>;
}
