import { hostname } from 'node:os';
import type { Container } from 'inversify';
import { mintNodeId } from '../../domain/streaming/node-id.ts';
import { THIS_NODE } from '../tokens/fleet.ts';
import { IDS } from '../tokens.ts';

/** Binds what tells this process from others that drive streams of the same store. */
export function bindFleet(container: Container): void {
  container.bind(THIS_NODE).toResolvedValue((ids) => ({ id: mintNodeId(hostname(), ids.uuid()) }), [IDS]);
}
