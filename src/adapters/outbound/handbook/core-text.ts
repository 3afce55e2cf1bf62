/**
 * What the handbook can always say, also where the documents are not installed. Its passages amount to more
 * than `MIN_ANSWER_TOKENS` tokens, which a test asserts.
 */
export const CORE_TEXT = `## What Holdfast is

Holdfast is a self-hosted server for streamed answers of language models. It keeps streaming sessions honest:
a stream cannot be forged, hijacked, starved, double-billed or lost. It runs as one process with an embedded
store, or as three services: Auth (port 3000), Accounting (port 3001) and Chat (port 3002).

## The four promises

A streamed answer is **paid for**: no model is called before the worst case of the call is reserved.
It **can be resumed**: every event is stored before anybody reads it, and each reader continues where he
stopped, without a gap and without a repeat. It is **finished only by its owner**: an update counts only for
the right user, the right chat and exactly the right id. And it **ends honestly**: an answer that was cut off
says so, and costs what was produced and no more.

## Streaming session ids

The server mints an id of the form \`stream-<unix ms>-<uuid>\` for every stream and sends it in the header
\`X-Streaming-Session-Id\` and in the first event, \`session\`. The id is stored before the header is sent, so
that a fast client never meets a server that does not know it yet. The id is a name and no authority: with
another user's login, in another chat, or for an older stream it is refused with one and the same answer,
400 "Streaming session ID mismatch", which never tells the id that was expected.

## Starting a stream

\`POST /api/chat/sessions/:id/stream\` with \`{"message": "…"}\` answers with server-sent events: \`session\`
first, then a \`chunk\` for each piece of text, and exactly one \`done\` or \`error\` at the end. One stream at a
time may run in a chat; a second start is refused with 409. An \`Idempotency-Key\` makes a repeated start
answer with the first stream: one generation, one charge.

## Resuming a stream

A disconnect does not stop a stream. \`GET /api/chat/sessions/:id/stream\` with the header \`Last-Event-ID\`
sends everything after that event and then continues live; a browser's \`EventSource\` does this by itself.
Without the header the running or last stream is sent from its beginning. Several readers may follow one
stream, and none of them slows the others. A stream that nobody reads is stopped after its deadline.

## Stopping a stream

\`POST /api/chat/sessions/:id/stop\` ends the generation and closes the request to the model at once. What
was produced is kept and billed.

## The update that finishes a stream

\`POST /api/chat/sessions/:id/update-stream\` with \`{"completeResponse", "streamingSessionId", "tokensUsed"}\`
is the client's receipt. The server compares the text with its own transcript: equal text is an exact
receipt, a prefix is a partial one, anything else is refused with 422 and changes nothing. The same update
sent again gets the same answer. Settlement never waits for the update.

## Credits

A model has a price in credits per 1,000 tokens, for input and output alike. Before the model is called,
accounting reserves the whole prompt and the longest answer allowed; credit that does not suffice is 402 and
nothing is called. At the end the stream is charged for the tokens used, never more than was reserved, and
the rest is given back. Every movement is in a journal, from which all balances can be recomputed.

## Models

The model \`handbook\` is built in and needs no download; it retrieves passages of this handbook. An
OpenAI-compatible server (OpenAI, vLLM, llama.cpp, Ollama) is added with \`--model-url\` and
\`--model-key-file\`, and its prices in the configuration.

## Commands

\`holdfast serve\` starts the services, and with \`--demo\` makes demo accounts on loopback. \`holdfast chat\`
asks a question in the terminal and resumes by itself. \`holdfast verify\` walks the whole flow against a
running deployment and names the first broken promise. \`holdfast doctor\` proves the invariants of the store.
\`holdfast check-config\` explains a configuration. Each command answers \`--help\`.
`;
