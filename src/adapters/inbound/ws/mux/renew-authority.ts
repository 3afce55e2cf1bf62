import { ownerOf, type SubscriberOwner } from '../../../../domain/multiplexing/subscriber-owner.ts';
import { Authority, type Shown } from './authority.ts';
import { readAuth } from './client-payloads.ts';
import { MuxRefusal, toErrorPayload, UNAVAILABLE } from './mux-refusal.ts';
import { type ErrorPayload, jsonPayload } from './server-payloads.ts';

/** What answers an AUTH. */
export type AuthAnswer =
  | { readonly name: 'AUTHED'; readonly payload: Buffer; readonly authority: Authority }
  | { readonly name: 'ERROR'; readonly error: ErrorPayload };

/**
 * Finds the authority that an AUTH's credential gives, which takes the old one's place. One that is not good, or another
 * owner's, gives none. Never rejects.
 */
export async function renewAuthority(
  payload: Buffer,
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
    const authority = new Authority(shown);
    const permissions = authority.permissions();
    const expiresAt = authority.expiresAtMs ?? null;
    return { name: 'AUTHED', payload: jsonPayload('AUTHED', { permissions, expiresAt }), authority };
  } catch (error) {
    return { name: 'ERROR', error: toErrorPayload(error) ?? UNAVAILABLE };
  }
}
