import { invariant } from '../invariant.ts';

/**
 * One incarnation of a node, `<host>-<uuid v4>`: a process that starts anew, or that has learned that others take it for
 * dead, is another node with another id. Streams of before nodes were named carry the empty one, which nobody has.
 */
export type NodeId = string & { readonly __brand: 'NodeId' };

/** Longest part of a host's name that an id keeps, in characters. */
const MAX_HOST_CHARS = 63;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Mints an id from the host's name, which is there for whoever reads logs, and a UUID v4 of the id source.
 *
 * @throws InvariantViolation when the UUID is not of its form.
 */
export function mintNodeId(host: string, uuid: string): NodeId {
  invariant(UUID.test(uuid), 'a node id needs a UUID in lower case');
  const told = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .slice(0, MAX_HOST_CHARS);
  return `${told === '' ? 'node' : told}-${uuid}` as NodeId;
}
