import type { AddressOptions } from '../client/service-urls.ts';

/** What `holdfast verify` is called with. */
export interface VerifyOptions extends AddressOptions {
  /** The demo user when the server is on loopback and nobody is named. */
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  /** The user's password as the environment holds it. */
  readonly password?: string | undefined;
  /** The demo admin when the server is on loopback and nobody is named. */
  readonly admin?: string | undefined;
  readonly adminPasswordFile?: string | undefined;
  /** The admin's password as the environment holds it. */
  readonly adminPassword?: string | undefined;
  /** One JSON document on stdout, in the place of the steps. */
  readonly json?: boolean | undefined;
}
