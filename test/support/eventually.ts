/** How long a condition may take to come true, in milliseconds. */
const PATIENCE_MS = 10_000;
/** Pause between two looks, in milliseconds. */
const LOOK_EVERY_MS = 20;

/** Waits until a condition that another process brings about is true; the last look's error is thrown otherwise. */
export async function eventually<T>(look: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
