/** One project per kind of test; `npm test` runs all of them, `npm run check` the quick ones. */
const base = {
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  transformIgnorePatterns: ['/node_modules/', '/dist/'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.data', '<rootDir>/.test', '<rootDir>/.nx'],
};
const unit = ['<rootDir>/apps/**/*.spec.ts', '<rootDir>/libs/**/*.spec.ts'];

export default {
  maxWorkers: 2,
  testTimeout: 30_000,
  projects: [
    { ...base, displayName: 'unit', testMatch: unit, testPathIgnorePatterns: ['\\.it\\.spec\\.ts$', '/node_modules/'] },
    { ...base, displayName: 'it', testMatch: ['<rootDir>/{apps,libs}/**/*.it.spec.ts'] },
    { ...base, displayName: 'contract', testMatch: ['<rootDir>/test/contract/**/*.spec.ts'] },
    { ...base, displayName: 'flow', testMatch: ['<rootDir>/test/flow/**/*.spec.ts'] },
    { ...base, displayName: 'fuzz', testMatch: ['<rootDir>/test/fuzz/**/*.spec.ts'] },
    { ...base, displayName: 'chaos', testMatch: ['<rootDir>/test/chaos/**/*.spec.ts'] },
    { ...base, displayName: 'house', testMatch: ['<rootDir>/test/house/**/*.spec.ts'] },
  ],
};
