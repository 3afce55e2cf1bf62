import { z } from 'zod';
import { isUserId, type LoginSessionId } from '../../../../domain/identity/ids.ts';
import type { UserPrincipal } from '../../../../domain/identity/principal.ts';

/** What auth answers about somebody's login; null for nobody's. */
export const LOGIN_ANSWER = z.object({
  principal: z
    .object({
      userId: z.string().refine(isUserId),
      username: z.string(),
      email: z.string(),
      role: z.enum(['admin', 'supervisor', 'user']),
      sessionId: z.string(),
      byCookie: z.boolean().optional(),
      mustChangePassword: z.boolean().optional(),
    })
    .transform(({ sessionId, byCookie, mustChangePassword, ...person }): UserPrincipal => {
      const loginSessionId = sessionId as LoginSessionId;
      return {
        kind: 'user',
        ...person,
        loginSessionId,
        ...(byCookie ? { byCookie } : {}),
        ...(mustChangePassword ? { mustChangePassword } : {}),
      };
    })
    .nullable(),
});
