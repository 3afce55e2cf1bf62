import { cutPage } from '../cut-page.ts';
import type { McpInventories, McpServerRecord } from '../ports/control/mcp-inventories.ts';

/** A page of servers. */
export interface McpServerPage {
  readonly servers: readonly McpServerRecord[];
  /** The cursor of the next page; undefined when this is the last. */
  readonly next?: string;
}

/** Shows which MCP servers agents have said they have. */
export class ReadMcpServers {
  readonly #deps: { readonly inventories: Pick<McpInventories, 'list'> };

  constructor(deps: { readonly inventories: Pick<McpInventories, 'list'> }) {
    this.#deps = deps;
  }

  /** By id. @throws PortError of the store. */
  async execute(command: { readonly after?: string; readonly limit: number }): Promise<McpServerPage> {
    const { after, limit } = command;
    const found = await this.#deps.inventories.list({
      ...(after === undefined ? {} : { after }),
      limit: limit + 1,
    });
    const { items: servers, ...next } = cutPage(found, limit, ({ id }) => id);
    return { servers, ...next };
  }
}
