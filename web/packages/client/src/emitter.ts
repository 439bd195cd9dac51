/** Who wants to hear of changes. A listener that throws harms nobody else. */

export type Unsubscribe = () => void;

/** A set of listeners of one thing. */
export class Emitter<T> {
  readonly #listeners = new Set<(value: T) => void>();

  on(listener: (value: T) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(value);
      } catch (error) {
        // Somebody's view is broken; the data go on. The page's error handler hears of it.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
