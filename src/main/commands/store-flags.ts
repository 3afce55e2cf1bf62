import type { Command } from 'commander';
import type { FlagValues } from '../config.ts';

/** Which store a command looks at. */
export interface StoreFlags {
  readonly data?: string;
  readonly mongodbUrl?: string;
  readonly mongodbUrlFile?: string;
}

/** Adds the flags that name a store; `mongodb` says what the command has to do with a MongoDB. */
export function addStoreFlags(
  command: Command,
  mongodb = "The fleet's MongoDB instead of a data folder",
): Command {
  return command
    .option('--data <dir>', 'Data folder of the server (env: HOLDFAST_DATA, default: ./data).')
    .option('--mongodb-url <url>', `${mongodb} (env: MONGODB_URL, HOLDFAST_MONGODB_URL).`)
    .option('--mongodb-url-file <file>', 'File with that URL (env: HOLDFAST_MONGODB_URL_FILE).');
}

/** The settings that these flags are. */
export const storeFlagValues = ({ data, mongodbUrl, mongodbUrlFile }: StoreFlags): FlagValues => ({
  ...(data === undefined ? {} : { data }),
  ...(mongodbUrl === undefined ? {} : { 'mongodb.url': mongodbUrl }),
  ...(mongodbUrlFile === undefined ? {} : { 'mongodb.urlFile': mongodbUrlFile }),
});
