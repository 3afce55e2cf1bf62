import { ownerOf, type SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import type { Authority, Shown } from './authority.ts';
import { readAuth } from './client-payloads.ts';
import { MuxRefusal, toErrorPayload, UNAVAILABLE } from './mux-refusal.ts';
import { type ErrorPayload, jsonPayload } from './server-payloads.ts';

/** What answers an AUTH. */
export type AuthAnswer =
  | { readonly name: 'AUTHED'; readonly payload: Buffer }
  | { readonly name: 'ERROR'; readonly error: ErrorPayload };

/**
 * Renews an authority in place by the credential of an AUTH. One that is not good, or another owner's, changes nothing.
 * Never rejects.
 */
export async function renewAuthority(
  payload: Buffer,
  authority: Authority,
  owner: SubscriberOwner,
  show: (credential: string) => Promise<Shown>,
): Promise<AuthAnswer> {
  const asked = readAuth(payload);
  if (asked.kind === 'refused') {
    const { code, message } = asked;
    return { name: 'ERROR', error: { code, message } };
  }
  try {
    const shown = await show(asked.value.credential);
    if (ownerOf(shown.principal) !== owner) {
      throw new MuxRefusal('auth.other_principal', "The credential is another principal's");
    }
    authority.renew(shown);
    const permissions = authority.permissions();
    const expiresAt = authority.expiresAtMs ?? null;
    return { name: 'AUTHED', payload: jsonPayload('AUTHED', { permissions, expiresAt }) };
  } catch (error) {
    return { name: 'ERROR', error: toErrorPayload(error) ?? UNAVAILABLE };
  }
}
