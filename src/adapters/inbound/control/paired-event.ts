/** What an agent says of whoever acts. */
export interface AgentContext {
  readonly agentId: string;
  readonly systemPrompt: string;
  readonly userInstruction: string;
}

/** A question to a model, and its answer. `args` of a tool call is JSON text. */
export interface LlmPairData {
  readonly model: string;
  readonly messages: ReadonlyArray<{ readonly role: string; readonly content: string }>;
  readonly output: string;
  readonly toolCalls: ReadonlyArray<{ readonly name: string; readonly args: string; readonly id: string }>;
  readonly usage: {
    readonly promptTokens: number;
    readonly completionTokens: number;
    readonly totalTokens: number;
  } | null;
}

/** A call of a tool, and what it gave. */
export interface ToolPairData {
  readonly toolName: string;
  readonly toolCallId: string;
  readonly input: string;
  readonly output: string;
}

/** One event as it came. `timestamp` is ISO 8601 by the client's clock; at most one of `llm` and `tool` is there. */
export interface PairedEvent {
  readonly eventId: string;
  readonly invocationId: string;
  readonly sessionId: string;
  readonly runId: string;
  readonly parentRunId: string;
  readonly timestamp: string;
  readonly pairType: number;
  readonly agent: AgentContext | null;
  readonly parent: AgentContext | null;
  readonly llm?: LlmPairData | null;
  readonly tool?: ToolPairData | null;
  readonly connectionId: string;
  readonly metadataJson: Uint8Array;
  readonly source: string;
}

/**
 * An event as the protobuf library has read it, as plain data: there members that were left out stand in the prototype.
 * What a library does for all types by their descriptions is written out for the one that nearly all of what comes is of.
 */
export const plainEvent = (read: PairedEvent): PairedEvent => ({
  eventId: read.eventId,
  invocationId: read.invocationId,
  sessionId: read.sessionId,
  runId: read.runId,
  parentRunId: read.parentRunId,
  timestamp: read.timestamp,
  pairType: read.pairType,
  agent: contextOf(read.agent),
  parent: contextOf(read.parent),
  llm: llmOf(read.llm),
  tool: toolOf(read.tool),
  connectionId: read.connectionId,
  metadataJson: read.metadataJson,
  source: read.source,
});

const contextOf = (read: AgentContext | null): AgentContext | null =>
  read && {
    agentId: read.agentId,
    systemPrompt: read.systemPrompt,
    userInstruction: read.userInstruction,
  };

const llmOf = (read: LlmPairData | null | undefined): LlmPairData | null =>
  read
    ? {
        model: read.model,
        messages: read.messages.map(({ role, content }) => ({ role, content })),
        output: read.output,
        toolCalls: read.toolCalls.map(({ name, args, id }) => ({ name, args, id })),
        usage: usageOf(read.usage),
      }
    : null;

const usageOf = (read: LlmPairData['usage']): LlmPairData['usage'] =>
  read && {
    promptTokens: read.promptTokens,
    completionTokens: read.completionTokens,
    totalTokens: read.totalTokens,
  };

const toolOf = (read: ToolPairData | null | undefined): ToolPairData | null =>
  read
    ? { toolName: read.toolName, toolCallId: read.toolCallId, input: read.input, output: read.output }
    : null;
