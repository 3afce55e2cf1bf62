import type { Budget } from '../../../../application/budget.ts';
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
  /** The time that an OPEN may take until it is answered. */
  budget(): Budget;
  /** Draws from the principal's bucket of OPENs. @throws MuxRefusal `rate.limited`. */
  admitOpen(owner: SubscriberOwner, isResume: boolean): void;
  /** An OPEN that was to take a session back was refused, which draws as a new one. */
  resumeRefused(owner: SubscriberOwner): void;
}

/** The connection that OPENs come on. */
interface Place extends OpeningPlace {
  /** How many sessions are open. */
  readonly size: number;
  /** How many OPENs have come and are not answered. Counted here. */
  opening: number;
  answerError(payload: ErrorPayload): void;
  /** An error that nobody foresaw. */
  onMistake(error: unknown): void;
}

/** Answers an OPEN, now or within its budget; as many at once as the connection may have sessions. Never throws. */
export function takeOpen(payload: Buffer, admission: OpenAdmission, place: Place): void {
  const read = readOpen(payload);
  if (read.kind === 'refused') {
    const { code, message, ref } = read;
    place.answerError({ code, message, ...(ref === undefined ? {} : { ref }) });
    return;
  }
  try {
    admit(read.value, admission, place);
  } catch (error) {
    refuse(error, read.value.ref, place);
    return;
  }
  void open(read.value, admission, place);
}

function admit(asked: OpenPayload, admission: OpenAdmission, place: Place): void {
  admission.admitOpen(place.owner, asked.resume !== undefined);
  if (place.size + place.opening < admission.maxSessions) return;
  throw new MuxRefusal('limit.sessions', 'This connection has as many sessions as it may have');
}

/** What is still under way when its time is spent goes on, and nothing is kept of what comes of it. */
async function open(asked: OpenPayload, admission: OpenAdmission, place: Place): Promise<void> {
  const budget = admission.budget();
  try {
    await budget.spend(() => attempt(asked, admission, place, budget));
  } catch (error) {
    refuse(error, asked.ref, place);
  }
}

async function attempt(
  asked: OpenPayload,
  admission: OpenAdmission,
  place: Place,
  budget: Budget,
): Promise<void> {
  place.opening += 1;
  try {
    await admission.opens.execute(place, asked, budget);
  } catch (error) {
    const isTheirs = asked.resume !== undefined && !(error instanceof PortError);
    if (isTheirs) admission.resumeRefused(place.owner);
    // Of a mistake somebody has to hear, also where the OPEN has been answered.
    if (budget.isSpent && toErrorPayload(error) === undefined) place.onMistake(error);
    throw error;
  } finally {
    place.opening -= 1;
  }
}

function refuse(error: unknown, ref: string, place: Place): void {
  const told = toErrorPayload(error);
  if (told === undefined) place.onMistake(error);
  else place.answerError({ ...told, ref });
}
