/** A value with subscribers. */
export interface Observable<T> {
  value: T;
  /** Calls the listener after each assignment; returns the function that ends the subscription. */
  subscribe(listener: () => void): () => void;
}

export const observable = <T>(initial: T): Observable<T> => {
  const listeners = new Set<() => void>();
  let current = initial;
  return {
    get value() {
      return current;
    },
    set value(next) {
      current = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
