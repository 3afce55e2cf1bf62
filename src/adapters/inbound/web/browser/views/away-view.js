import { el } from '../dom/element.js';
import { icon } from '../dom/icons.js';
import { ApiProblem } from '../platform/api-client.js';
import { sentenceOf } from '../text/sentences.js';

/** Said where a chat service runs alone and nothing puts it under one name with the others. */
const APART =
  'This port serves chats alone, without logins. Open the page where all services answer under one name.';

/** What is shown while nobody can tell who is logged in. @param {unknown} error */
export function awayView(error) {
  const isApart = error instanceof ApiProblem && error.status === 404;
  const passes = !(error instanceof ApiProblem) || error.passes;
  const why = isApart ? APART : `${sentenceOf(error)}${passes ? ' This page looks again by itself.' : ''}`;
  return el(
    'main',
    { class: 'bare' },
    el('p', { class: 'brand' }, icon('anchor'), 'Holdfast'),
    el('h1', {}, 'Holdfast is away'),
    el('p', {}, why),
  );
}
