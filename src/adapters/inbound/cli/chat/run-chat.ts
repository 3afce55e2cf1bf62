import { ApiClient } from '../client/api-client.ts';
import type { CommandIo } from '../client/command-io.ts';
import { runCommand } from '../client/command-run.ts';
import { EXIT } from '../client/exit-code.ts';
import { ProtocolFault } from '../client/failures.ts';
import { logIn, warnInTheClear } from '../client/log-in.ts';
import { patiently, type RetryNotice, waitText } from '../client/retry.ts';
import { serviceUrls } from '../client/service-urls.ts';
import { Terminal } from '../client/terminal.ts';
import { describeBalance, describeModels } from './account-view.ts';
import { askQuestion } from './ask-question.ts';
import type { ChatOptions } from './chat-options.ts';
import { converse } from './conversation.ts';

/**
 * `holdfast chat`: talks with a model through the server, or answers one question.
 *
 * @returns the exit code: 0; 1 for a refusal or an answer that broke off; 2 wrong usage; 3 unreachable; 130.
 */
export function runChat(options: ChatOptions, io: CommandIo): Promise<number> {
  return runCommand(io, async () => {
    const terminal = new Terminal(io);
    const urls = serviceUrls(options);
    warnInTheClear(options, urls, terminal);
    const onWait = (notice: RetryNotice): void => terminal.say(waitText(notice));
    const login = await logIn(options, urls, io, onWait);
    const client = new ApiClient(urls, io.clock, login);
    try {
      return await talk(options, { client, io, terminal, json: options.json === true }, onWait);
    } finally {
      await login.close();
    }
  });
}

async function talk(
  options: ChatOptions,
  world: Parameters<typeof askQuestion>[0],
  onWait: (notice: RetryNotice) => void,
): Promise<number> {
  const { client, io, terminal } = world;
  const openChat = async (): Promise<string> => {
    if (options.chatId !== undefined) return options.chatId;
    const body = { source: 'cli', ...(options.model === undefined ? {} : { modelId: options.model }) };
    const request = { service: 'chat', path: '/api/chat/sessions', body } as const;
    const answer = await patiently(io, () => client.call(request), { onWait });
    const id = answer.body.text('sessionId');
    if (id === undefined) throw new ProtocolFault('The chat service made a chat without an id');
    terminal.say(`[Chat ${id}]`);
    return id;
  };
  if (options.question === undefined) {
    terminal.say(await patiently(io, () => describeModels(client), { onWait }));
    terminal.say(await patiently(io, () => describeBalance(client), { onWait }));
    return converse({ ...world, modelId: options.model, openChat });
  }
  const question = { chatId: await openChat(), message: options.question, modelId: options.model };
  const result = await askQuestion(world, question);
  if (result.interrupted) return EXIT.interrupted;
  return result.state === 'done' ? EXIT.done : EXIT.no;
}
