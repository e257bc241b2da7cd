/** Every project has one layer, every layer has its rule, and the rule bites. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { text as textOf } from 'node:stream/consumers';
import { allFiles, productFiles, read, root } from './sources.ts';

const layers = ['contract', 'domain', 'kit', 'adapter', 'registry', 'platform', 'app', 'standalone', 'testing'];

interface Project {
  folder: string;
  name: string;
  layers: string[];
}

const projects: Project[] = allFiles
  .filter((path) => /^(apps|libs)\/.*project\.json$/.test(path))
  .map((path) => {
    const { name, tags } = JSON.parse(read(path)) as { name: string; tags?: string[] };
    const ofLayer = (tags ?? []).filter((tag) => tag.startsWith('layer:'));
    return {
      folder: path.replace('/project.json', ''),
      name,
      layers: ofLayer.map((tag) => tag.slice('layer:'.length)),
    };
  });

/** The layer that a folder must have by where it lies. */
const layerByPlace: [place: RegExp, layer: string][] = [
  [/^apps\/standalone$/, 'standalone'],
  [/^apps\//, 'app'],
  [/^libs\/contract$/, 'contract'],
  [/^libs\/domain\//, 'domain'],
  [/^libs\/backends\/kit$/, 'kit'],
  [/^libs\/backends\/registry$/, 'registry'],
  [/^libs\/backends\//, 'adapter'],
  [/^libs\/platform\//, 'platform'],
  [/^libs\/testing\//, 'testing'],
];

describe('every project', () => {
  it('has exactly one layer, the one of its place in the tree', () => {
    const misplaced = projects.filter(({ folder, layers: own }) => {
      const expected = layerByPlace.find(([place]) => place.test(folder))?.[1];
      return own.length !== 1 || own[0] !== expected;
    });
    expect(misplaced).toEqual([]);
    expect(projects.length).toBeGreaterThan(20);
  });

  it('has a name of its own', () => {
    const names = projects.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('of the layer contract imports zod and nothing else', () => {
    const contract = productFiles.filter((path) => path.startsWith('libs/contract/'));
    const foreign = contract.flatMap((path) =>
      [...read(path).matchAll(/ from '([^.'][^']*)'/g)].map((found) => found[1]),
    );
    expect([...new Set(foreign)].filter((name) => !name?.startsWith('node:'))).toEqual(['zod']);
  });

  it('is declared: no source lies in apps or libs outside of a project', () => {
    const folders = new Set(projects.map(({ folder }) => folder));
    const stray = allFiles.filter((path) => {
      const place = /^((?:apps|libs)\/.*?)\/src\//.exec(path)?.[1];
      return /^(apps|libs)\/.*\.(ts|tsx)$/.test(path) && (place === undefined || !folders.has(place));
    });
    expect(stray).toEqual([]);
  });
});

/** The first line of a file in a layer, and what the rule must say of it; `undefined` when it must say nothing. */
const cases: [path: string, line: string, complaint: RegExp | undefined][] = [
  ['libs/domain/rules/src/index.ts', `import { rule as x } from '#contract';`, undefined],
  ['libs/domain/rules/src/index.ts', `import { migrate as x } from '#platform/store';`, /layer:domain/],
  ['libs/domain/rules/src/index.ts', `import { Module as x } from '@nestjs/common';`, /@nestjs\/common/],
  ['libs/domain/rules/src/index.ts', `import { Queue as x } from 'bullmq';`, /bullmq/],
  ['libs/contract/src/index.ts', `import { checkRule as x } from '#domain/rules';`, /Circular|layer:contract/],
  ['libs/backends/kit/src/index.ts', `import { createLogger as x } from '#platform/log';`, /layer:kit/],
  ['libs/backends/webhook/src/index.ts', `import { maskSettings as x } from '#backends/kit';`, undefined],
  ['libs/backends/webhook/src/index.ts', `import { adapter as x } from '#backends/mychat';`, /layer:adapter/],
  ['libs/backends/webhook/src/index.ts', `import { Module as x } from '@nestjs/common';`, /@nestjs\/common/],
  ['libs/backends/registry/src/index.ts', `import { createLogger as x } from '#platform/log';`, /layer:registry/],
  ['libs/platform/log/src/index.ts', `import { allAdapters as x } from '#backends/registry';`, /layer:platform/],
  ['apps/courier/src/index.ts', `import { allAdapters as x } from '#backends/registry';`, undefined],
  ['apps/courier/src/index.ts', `import { adapter as x } from '#backends/mychat';`, /layer:app/],
  ['apps/courier/src/index.ts', `import { RouterModule as x } from '#apps/router';`, /layer:app/],
  ['apps/courier/src/index.ts', `import { Pool as x } from 'pg';`, /"pg"/],
  ['apps/courier/src/index.ts', `import { freshDatabase as x } from '#testing/services';`, /layer:app/],
  ['apps/standalone/src/app.ts', `import { RouterModule as x } from '#apps/router';`, undefined],
  ['apps/standalone/src/app.ts', `import { adapter as x } from '#backends/mychat';`, /layer:standalone/],
  ['libs/testing/services/src/index.ts', `import { migrate as x } from '#platform/store';`, /Circular|layer:testing/],
  ['libs/domain/rules/src/index.ts', 'const x = process.env;', /Only platform\/config/],
];

describe('the boundary rule', () => {
  let complaints: string[][];

  beforeAll(async () => {
    // The rule reads Nx's graph of the projects, and is silently off without one.
    await runNode(['node_modules/nx/dist/bin/nx.js', 'show', 'projects'], '');
    const texts = cases.map(([path, line]) => ({ path, text: `${line}\nexport const y = x;\n` }));
    const probe = ['test/house/lint-texts.mjs', '@nx/enforce-module-boundaries', 'no-restricted-properties'];
    complaints = JSON.parse(await runNode(probe, JSON.stringify(texts))) as string[][];
  }, 60_000);

  const titled = cases.map(([path, line, complaint], index) => ({
    title: `${complaint ? 'refuses' : 'allows'} in ${path}: ${line}`,
    complaint,
    index,
  }));
  it.each(titled)('$title', ({ complaint, index }) => {
    if (complaint) expect(complaints[index]).toEqual([expect.stringMatching(complaint)]);
    else expect(complaints[index]).toEqual([]);
  });

  it('knows every layer, and is tried in every layer', () => {
    const table = /const layers = \{([^}]*)\}/.exec(read('eslint.config.mjs'))?.[1] ?? '';
    const listed = [...table.matchAll(/^\s*(\w+):/gm)].map((found) => found[1]);
    expect(listed).toEqual(layers);
    const tried = cases.filter(([, , complaint]) => complaint).map(([, , complaint]) => String(complaint));
    const untried = layers.filter((layer) => !tried.some((complaint) => complaint.includes(`layer:${layer}`)));
    expect(untried).toEqual([]);
  });
});

async function runNode(args: string[], input: string): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '', NX_DAEMON: 'false' };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['pipe', 'pipe', 'pipe'] });
  const outcome = Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  child.stdin.end(input);
  const [output, errors, code] = await outcome;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${errors}`);
  return output;
}
