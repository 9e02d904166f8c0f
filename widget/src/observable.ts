/** A value that says when it is another. */
export interface Cell<T> {
  value: T;
  watch(heard: () => void): () => void;
}

export const cell = <T>(first: T): Cell<T> => {
  const watchers = new Set<() => void>();
  let now = first;
  return {
    get value() {
      return now;
    },
    set value(next) {
      now = next;
      for (const heard of watchers) heard();
    },
    watch(heard) {
      watchers.add(heard);
      return () => watchers.delete(heard);
    },
  };
};
