import type Koa from 'koa';
import helmet from 'koa-helmet';
import { invariant } from '../../../domain/invariant.ts';

/** A Content-Security-Policy: each directive with its sources. */
export type ContentPolicy = Readonly<Record<string, readonly string[]>>;

/** What an answer that is no page may do in a browser: nothing. */
const API_POLICY: ContentPolicy = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/**
 * What a page of this server may do: run its own scripts, which put no text in as HTML, and call its own origin. A
 * route whose page needs less or other sources spreads it and replaces directives. A worker is held to the policy of
 * its own script's answer.
 */
export const PAGE_POLICY: ContentPolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'connect-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'require-trusted-types-for': ["'script'"],
};

/** Devices that no page of ours asks for, nor anything that it were made to show. */
const NO_DEVICES = 'camera=(), geolocation=(), microphone=(), payment=(), usb=()';

/**
 * Headers that make browsers careful, on every answer, and keep it out of every cache unless its route says
 * otherwise (ASVS 5.0, 3.4 and 14.3.2). `https`: whether callers come by https, so that browsers may be told to
 * insist on it.
 */
export function protectBrowsers(https: boolean): Koa.Middleware {
  const protect = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: helmetForm(API_POLICY) },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: https,
  });
  return (context, next) => {
    context.set('Cache-Control', 'no-store');
    return protect(context, next);
  };
}

/** The headers of an answer that is a page, or a part of one that a policy holds to, in place of those of the API. */
export function pageHeaders(policy: ContentPolicy): Readonly<Record<string, string>> {
  return { 'Content-Security-Policy': policyText(policy), 'Permissions-Policy': NO_DEVICES };
}

function policyText(policy: ContentPolicy): string {
  const directives = Object.entries(policy);
  invariant(
    directives.every(([, sources]) => !sources.some((source) => source.startsWith("'unsafe-"))),
    'a page asks for a policy that would run what somebody put into it',
  );
  return directives.map(([directive, sources]) => [directive, ...sources].join(' ')).join('; ');
}

const helmetForm = (policy: ContentPolicy): Record<string, string[]> =>
  Object.fromEntries(Object.entries(policy).map(([directive, sources]) => [directive, [...sources]]));
