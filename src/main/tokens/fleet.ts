import type { ThisNode } from '../../application/fleet/this-node.ts';
import { identify } from '../tokens.ts';

/** The node that this process is. */
export const THIS_NODE = identify<ThisNode>('ThisNode');
