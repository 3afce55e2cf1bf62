import { DomainError } from '../../src/domain/domain-error.ts';

const refuse = async (): Promise<never> => {
  throw new DomainError('credential.invalid', 'The credential is not valid');
};

/** What a service in a test knows of API keys, tickets and cookies when none was ever made. */
export const NO_KEYS = {
  apiKeys: { verify: refuse },
  tickets: { redeem: refuse },
  cookies: { verify: refuse },
} as const;
