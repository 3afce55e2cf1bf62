import { type ApiKeyDraft, requireMintable } from '../../../domain/identity/api-key.ts';
import type { UserPrincipal } from '../../../domain/identity/principal.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ConfirmPassword } from '../passwords/confirm-password.ts';
import type { IssueApiKey, IssuedApiKey } from './issue-api-key.ts';

interface Deps {
  readonly confirm: ConfirmPassword;
  readonly issueApiKey: IssueApiKey;
  readonly clock: Clock;
}

/** Makes an API key for a person, who shows his password again: a stolen login must not become a lasting key. */
export class MintApiKey {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** @throws what `ConfirmPassword` and `IssueApiKey` throw; what may not be made is refused before the password is asked. */
  async execute(command: {
    readonly principal: UserPrincipal;
    readonly draft: ApiKeyDraft;
    readonly password: string;
    /** The network that asks, as `LoginPeer` has it. */
    readonly network?: string;
    readonly requestId?: string;
  }): Promise<IssuedApiKey> {
    const { confirm, issueApiKey, clock } = this.#deps;
    const { principal, draft, password, network, requestId } = command;
    const { userId, role } = principal;
    requireMintable(draft, role, clock.nowMs());
    const maker = await confirm.execute({ userId, password, network, act: 'api_key.minted', requestId });
    return issueApiKey.execute({
      maker,
      draft,
      actor: userId,
      ...(requestId === undefined ? {} : { requestId }),
    });
  }
}
