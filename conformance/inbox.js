/** Inbox queues the items that callbacks deliver, until a test takes them in order. */
export class Inbox {
  #kept = []
  #waiting = []

  put(item) {
    if (this.#waiting.length) this.#waiting.shift()(item)
    else this.#kept.push(item)
  }

  /** @returns {Promise} the next item */
  async take() {
    if (this.#kept.length) return this.#kept.shift()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /**
   * A sink or observer that fills the inbox: with results as they are, then with `{ error }` or
   * `{ complete: true }`.
   */
  get sink() {
    return {
      next: (result) => this.put(result),
      error: (error) => this.put({ error }),
      complete: () => this.put({ complete: true }),
    }
  }
}
