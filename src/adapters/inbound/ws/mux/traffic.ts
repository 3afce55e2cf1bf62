/** Payloads of DATA and EVENT that went one way or the other, counted by whoever takes and sends them. */
export class Traffic {
  messagesIn = 0;
  bytesIn = 0;
  messagesOut = 0;
  bytesOut = 0;
  /** Frames that were refused. */
  refused = 0;

  in(bytes: number): void {
    this.messagesIn += 1;
    this.bytesIn += bytes;
  }

  out(bytes: number): void {
    this.messagesOut += 1;
    this.bytesOut += bytes;
  }

  add(other: Readonly<Traffic>): void {
    this.messagesIn += other.messagesIn;
    this.bytesIn += other.bytesIn;
    this.messagesOut += other.messagesOut;
    this.bytesOut += other.bytesOut;
    this.refused += other.refused;
  }
}
