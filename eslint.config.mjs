import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** What each layer may import; the table of docs/architecture.md, enforced. */
const layers = {
  contract: ['contract'],
  domain: ['contract', 'domain'],
  kit: ['contract'],
  adapter: ['kit', 'contract'],
  registry: ['adapter', 'kit'],
  platform: ['contract', 'domain', 'platform'],
  app: ['contract', 'domain', 'kit', 'registry', 'platform'],
  standalone: ['contract', 'domain', 'kit', 'registry', 'platform', 'app'],
  testing: ['contract', 'kit', 'testing'],
};

const bannedIn = {
  contract: ['@nestjs/*', 'bullmq', 'ioredis', '@prisma/*', 'pg', 'pino', 'amqplib', 'undici'],
  domain: ['@nestjs/*', 'bullmq', 'ioredis', '@prisma/*', 'pg', 'pino', 'amqplib', 'undici'],
  kit: ['@nestjs/*', 'bullmq', 'ioredis', '@prisma/*', 'pg', 'pino', 'amqplib'],
  adapter: ['@nestjs/*', 'bullmq', 'ioredis', '@prisma/*', 'pg', 'pino', 'amqplib'],
  app: ['@prisma/*', 'pg', 'bullmq', 'ioredis'],
  standalone: ['@prisma/*', 'pg', 'bullmq', 'ioredis'],
};

/** The boundary rule; specs may also use what is made for testing. */
function boundaries(alsoAllowed = []) {
  const depConstraints = Object.entries(layers).map(([layer, allowed]) => ({
    sourceTag: `layer:${layer}`,
    onlyDependOnLibsWithTags: [...allowed, ...alsoAllowed].map((name) => `layer:${name}`),
    ...(bannedIn[layer] && alsoAllowed.length === 0 ? { bannedExternalImports: bannedIn[layer] } : {}),
  }));
  return ['error', { enforceBuildableLibDependency: false, allow: [], depConstraints }];
}

/** Specs, and what only specs import. */
const specFiles = ['**/*.spec.ts', '**/spec-*.ts'];

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '**/generated/**', '.data', '.test', '.nx'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(),
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'max-lines': ['error', { max: 350 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 5],
      'max-depth': ['error', 4],
      complexity: ['error', 14],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only platform/config reads the environment.' },
      ],
    },
  },
  {
    files: [...specFiles, 'test/**/*.ts', 'libs/testing/**/*.ts', 'bench/**/*.ts', 'libs/platform/config/**/*.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  { files: specFiles, rules: { '@nx/enforce-module-boundaries': boundaries(['testing', 'kit']) } },
  { files: [...specFiles, 'test/**/*.ts'], rules: { 'max-lines-per-function': ['error', { max: 200 }] } },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        fetch: 'readonly',
        Buffer: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
);
