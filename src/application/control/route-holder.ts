/** How a node holds a session: `main` for connections that get what has no other, `any` for the others alone. */
export type Way = 'main' | 'any';

/** What a node is called in the directory where it holds a session so. */
export const holderName = (node: string, way: Way): string => `${node}/${way}`;

/** Whether a node holds a session for connections that get what has no connection of its own. */
export const isMainHolder = (connection: string): boolean => connection.endsWith('/main');
