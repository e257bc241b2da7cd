/**
 * Lints texts as if they stood in files of the repository, by the rules of the repository that are named as arguments. Reads
 * `[{ path, text }]` from standard input and writes, for each, the list of complaints. A process of its own, because ESLint's
 * plugins are not made for the module loader of jest.
 */
import { ESLint } from 'eslint';
import { text as textOf } from 'node:stream/consumers';

const rules = process.argv.slice(2);
const eslint = new ESLint({
  // Loading the types of the whole repository takes seconds, and these rules do not ask for them.
  overrideConfig: { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false } } },
  ruleFilter: ({ ruleId }) => rules.includes(ruleId),
});
const found = [];
for (const { path, text } of JSON.parse(await textOf(process.stdin))) {
  const [result] = await eslint.lintText(text, { filePath: path });
  found.push(result.messages.map(({ ruleId, message }) => `${ruleId ?? 'parser'}: ${message}`));
}
process.stdout.write(JSON.stringify(found));
