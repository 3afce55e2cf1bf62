import { PortError } from '../../../../application/ports/port-error.ts';
import type { SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import { type OpenPayload, readOpen } from './client-payloads.ts';
import { MuxRefusal, toErrorPayload } from './mux-refusal.ts';
import type { OpeningPlace, OpenSessions } from './open-sessions.ts';
import type { ErrorPayload } from './server-payloads.ts';

/** What a connection has of whoever admits OPENs. */
export interface OpenAdmission {
  readonly opens: OpenSessions;
  readonly maxSessions: number;
  /** Draws from the principal's bucket of OPENs. @throws MuxRefusal `rate.limited`. */
  admitOpen(owner: SubscriberOwner, isResume: boolean): void;
  /** An OPEN that was to take a session back was refused, which draws as a new one. */
  resumeRefused(owner: SubscriberOwner): void;
}

/** The connection that OPENs come on. */
interface Place extends OpeningPlace {
  readonly owner: SubscriberOwner;
  /** How many sessions are open. */
  readonly size: number;
  answerError(payload: ErrorPayload): void;
  /** An error that nobody foresaw. */
  onMistake(error: unknown): void;
}

/** Takes the OPENs of a connection in, as many at once as it may have sessions. */
export class OpenDesk {
  readonly #admission: OpenAdmission;
  readonly #place: Place;
  #opening = 0;

  constructor(admission: OpenAdmission, place: Place) {
    this.#admission = admission;
    this.#place = place;
  }

  /** Answers an OPEN, now or later. Never throws. */
  take(payload: Buffer): void {
    const read = readOpen(payload);
    if (read.kind === 'refused') {
      const { code, message, ref } = read;
      this.#place.answerError({ code, message, ...(ref === undefined ? {} : { ref }) });
      return;
    }
    try {
      this.#admit(read.value);
    } catch (error) {
      this.#refuse(error, read.value.ref);
      return;
    }
    void this.#open(read.value);
  }

  #admit(asked: OpenPayload): void {
    const { admitOpen, maxSessions } = this.#admission;
    admitOpen(this.#place.owner, asked.resume !== undefined);
    if (this.#place.size + this.#opening < maxSessions) return;
    throw new MuxRefusal('limit.sessions', 'This connection has as many sessions as it may have');
  }

  async #open(asked: OpenPayload): Promise<void> {
    this.#opening += 1;
    try {
      await this.#admission.opens.execute(this.#place, asked);
    } catch (error) {
      const isTheirs = asked.resume !== undefined && !(error instanceof PortError);
      if (isTheirs) this.#admission.resumeRefused(this.#place.owner);
      this.#refuse(error, asked.ref);
    } finally {
      this.#opening -= 1;
    }
  }

  #refuse(error: unknown, ref: string): void {
    const told = toErrorPayload(error);
    if (told === undefined) this.#place.onMistake(error);
    else this.#place.answerError({ ...told, ref });
  }
}
