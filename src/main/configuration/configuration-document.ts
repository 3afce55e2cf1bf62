import { flagOf, SETTING_KEYS, SETTINGS, variablesOf } from './settings.ts';

const HEAD = `# Configuration

<!-- Written by scripts/configuration.ts from the settings themselves; a test compares the two. -->

Every setting has one name in three spellings: a flag of \`holdfast serve\`, an environment variable, and a key of
the YAML file that \`--config FILE\` or \`HOLDFAST_CONFIG\` names. A flag wins over the environment, the environment
over the file. A dot in a key is a nested mapping in the file. An unknown flag or key is an error that names the
nearest known one; \`holdfast check-config\` says what is wrong without starting anything.

Durations are written with their unit: \`500ms\`, \`20s\`, \`15m\`, \`24h\`, \`7d\`. A setting that may be given several
times is repeated as a flag, separated by commas in the environment, and a list in the file.

`;

const MODELS = `
## Models

The file's list \`models\` offers further models of OpenAI-compatible servers, each with its own URL. A model
without a price is refused: nothing may run that nobody can be charged for.

\`\`\`yaml
models:
  - id: llama3.2              # how callers name it
    name: Llama 3.2           # how people read it; the id unless given
    description: A small model on this machine.
    capabilities: [general, code]
    price: 0.5                # credits for 1,000 tokens, input and output alike
    maxTokens: 4096           # most output tokens of one answer
    contextTokens: 8192       # prompt and answer together
    url: http://127.0.0.1:11434/v1
    keyFile: /run/secrets/model-key   # sent to this URL's origin alone
    upstreamModel: llama3.2:3b        # its name at its server when it differs from the id
\`\`\`

## Secrets of the commands

\`HOLDFAST_PASSWORD\` is the password with which \`chat\`, \`mux\`, \`reviews\` and \`verify\` log in, and which \`user create\`
and \`user password\` set; \`HOLDFAST_ADMIN_PASSWORD\` is the one of the admin whom \`verify\` uses. \`HOLDFAST_API_KEY\` is an
API key that \`chat\` and \`mux\` use in place of a login, unless \`--user\` names somebody; \`reviews\` takes a person's login alone,
and \`verify\` proves promises about logins. No secret is ever a flag, because every process of a machine can read flags.
`;

/** docs/CONFIGURATION.md, as it follows from the settings. */
export function configurationDocument(): string {
  const rows = SETTING_KEYS.map((key) => {
    const { form, fallback, meaning, repeatable } = SETTINGS[key];
    const shown = fallback === undefined ? 'none' : `\`${fallback}\``;
    const variables = variablesOf(key)
      .map((name) => `\`${name}\``)
      .join('<br>');
    const times = repeatable ? ' May be repeated.' : '';
    return `| \`${key}\` | \`${flagOf(key)}\`<br>${variables} | ${form} | ${shown} | ${meaning}${times} |`;
  });
  const table = [
    '| key | flag and variable | form | default | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
  return `${HEAD}${table.join('\n')}\n${MODELS}`;
}
