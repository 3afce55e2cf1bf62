import { isLiveAt, type LoginSession } from '../../../../domain/identity/login-session.ts';
import { insertMissing } from '../insert-missing.ts';
import type { IdentityCollections } from './identity-collections.ts';
import { type SessionDocument, sessionFrom } from './identity-documents.ts';

/** What the exchange of a token came to. Of one that was `spent` the family has to end. */
export type Exchange =
  | { readonly kind: 'rotated'; readonly session: LoginSession }
  | { readonly kind: 'spent'; readonly document: SessionDocument }
  | { readonly kind: 'unknown' };

/**
 * Exchanges a refresh token for its successor: one write to the family's document, which names the only token that can
 * be exchanged. The successor leads to its family before it can be named, so that it is missed when it comes back spent;
 * what a lost race leaves of it was never given to anybody. May be repeated after an unknown outcome: a family that
 * names the successor has been written by an earlier try, since nobody else knows it.
 */
export async function exchangeToken(
  { sessions, tokens }: Pick<IdentityCollections, 'sessions' | 'tokens'>,
  {
    spentSha256,
    nextSha256,
    nowMs,
  }: { readonly spentSha256: string; readonly nextSha256: string; readonly nowMs: number },
): Promise<Exchange> {
  const token = await tokens.findOne({ _id: spentSha256 });
  if (token === null) return { kind: 'unknown' };
  const _id = token.sessionId;
  const found = await sessions.findOne({ _id });
  const before = settled(found);
  if (before !== undefined) return before;
  await insertMissing(tokens, [{ _id: nextSha256, sessionId: _id }]);
  const rotated = await sessions.findOneAndUpdate(
    { _id, open: true, refreshSha256: spentSha256, expiresAtMs: { $gt: nowMs } },
    { $set: { refreshSha256: nextSha256, lastUsedAtMs: nowMs } },
    { returnDocument: 'after' },
  );
  if (rotated !== null) return { kind: 'rotated', session: sessionFrom(rotated) };
  return settled(await sessions.findOne({ _id })) ?? { kind: 'unknown' };

  /** What is decided already; undefined while this token can be exchanged. */
  function settled(document: SessionDocument | null): Exchange | undefined {
    if (document === null) return { kind: 'unknown' };
    if (document.refreshSha256 === nextSha256) return { kind: 'rotated', session: sessionFrom(document) };
    if (!isLiveAt(sessionFrom(document), nowMs)) return { kind: 'unknown' };
    return document.refreshSha256 === spentSha256 ? undefined : { kind: 'spent', document };
  }
}
