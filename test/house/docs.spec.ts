/** What is documented is there: links, folders, dependencies, and both READMEs say the same. */
import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { allFiles, read, root } from './sources.ts';

const pages = allFiles.filter((path) => path.endsWith('.md'));

/** A page without its code blocks and code spans, in which nothing is a link or a heading. */
function prose(text: string): string {
  return text
    .replaceAll(/^(`{3,})[^\n]*\n[\s\S]*?^\1`*$/gm, '')
    .replaceAll(/(`+)[^`\n](?:[^\n]*?[^`\n])?\1(?!`)/g, '`');
}

/** Targets of links and images, inline or by reference. */
function linksOf(text: string): string[] {
  const inline = [...prose(text).matchAll(/\]\(\s*<?([^\s)>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const byReference = [...prose(text).matchAll(/^\[[^\]]+\]:\s*<?(\S+?)>?\s*$/gm)];
  const html = [...prose(text).matchAll(/\b(?:src|href)="([^"]+)"/g)];
  return [...inline, ...byReference, ...html].map((found) => found[1]!);
}

/** Anchors of the headings, as GitHub makes them: lower case, blanks to dashes, no punctuation, repeats numbered. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const withoutBlocks = text.replaceAll(/^(`{3,})[^\n]*\n[\s\S]*?^\1`*$/gm, '');
  const headings = [...withoutBlocks.matchAll(/^#{1,6} +(.*?)(?: +#+)? *$/gm)].map((found) => found[1]!);
  return new Set(
    headings.map((heading) => {
      const shown = heading.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1');
      const slug = shown
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
        .replaceAll(' ', '-');
      const count = seen.get(slug) ?? 0;
      seen.set(slug, count + 1);
      return count === 0 ? slug : `${slug}-${count}`;
    }),
  );
}

/** Why a link of a page leads nowhere; `undefined` when it does lead somewhere, or out of the repository. */
function brokenness(page: string, link: string): string | undefined {
  if (/^(https?|mailto):/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path))).replace(/\/$/, '');
  const isKnown = allFiles.includes(target) || allFiles.some((file) => file.startsWith(`${target}/`));
  if (!isKnown) return `${page}: ${link} is not there`;
  if (anchor === undefined) return undefined;
  const anchors = target.endsWith('.md') ? anchorsOf(read(target)) : new Set<string>();
  return anchors.has(decodeURIComponent(anchor)) ? undefined : `${page}: ${link} has no such heading`;
}

describe('links', () => {
  it('of all pages lead somewhere, anchors included', () => {
    const links = pages.flatMap((page) => linksOf(read(page)).map((link) => ({ page, link })));
    expect(links.length).toBeGreaterThan(60);
    expect(links.map(({ page, link }) => brokenness(page, link)).filter(Boolean)).toEqual([]);
  });

  it('are found in every form, and not in code', () => {
    const text =
      '[a](b.md) ![c](<d.svg> "e") [f]\n\n[f]: g.md#h\n<img src="i.png">\n`[j](k)` ``[l](`m)``\n```md\n[n](o)\n```\n';
    expect(linksOf(text)).toEqual(['b.md', 'd.svg', 'g.md#h', 'i.png']);
  });

  it('to headings are those that GitHub makes', () => {
    const text =
      '# Two words, `code` & more\n## Путь события\n## Twice\n### Twice\n## [Unreleased](x)\n```sh\n# none\n```\n';
    expect([...anchorsOf(text)]).toEqual(['two-words-code--more', 'путь-события', 'twice', 'twice-1', 'unreleased']);
  });

  it('that are broken are noticed', () => {
    expect(brokenness('docs/errors.md', 'nothing.md')).toMatch('nothing.md is not there');
    expect(brokenness('docs/errors.md', '../README.md#nowhere')).toMatch('no such heading');
    expect(brokenness('docs/errors.md', '../../outside.md')).toMatch('is not there');
    expect(brokenness('docs/errors.md', 'config.md#database')).toBeUndefined();
    expect(brokenness('docs/errors.md', 'adr')).toBeUndefined();
  });
});

/** Levels of folders that the tree shows; everywhere else it is one. */
const levels: Record<string, number> = { apps: 2, libs: 3, test: 2 };

/** Folders that the tree must show: those of git, but for hidden ones and what lies below `src`. */
function folders(): string[] {
  const found = allFiles.flatMap((path) => {
    const names = path.split('/').slice(0, -1);
    const shown = names.slice(0, levels[names[0] ?? ''] ?? 1).filter((name) => !name.startsWith('.'));
    const end = shown.includes('src') ? shown.indexOf('src') : shown.length;
    return shown.slice(0, end).map((_, index) => shown.slice(0, index + 1).join('/'));
  });
  return [...new Set(found)].sort();
}

const decisions = allFiles.filter((path) => path.startsWith('docs/adr/'));

describe('docs/architecture.md', () => {
  const page = read('docs/architecture.md');

  it('has one line for each folder, and none for a folder that is gone', () => {
    const lines = [...page.matchAll(/^((?:[\w-]+\/)+) +(\S.*)$/gm)].map((found) => found[1]!.replace(/\/$/, ''));
    expect(lines.toSorted()).toEqual(folders());
  });

  it('lists every decision by its title', () => {
    const wanted = decisions.map((path) => {
      const [, number, title] = /^# (\d{4}): (.*)$/m.exec(read(path)) ?? [];
      return `* [${number} ${title}](${path.replace('docs/', '')})`;
    });
    expect(decisions.length).toBeGreaterThan(10);
    expect(page.split('\n').filter((line) => line.includes('](adr/') && line.startsWith('* '))).toEqual(wanted);
  });
});

describe('an ADR', () => {
  it.each(decisions)('has its number, its three parts, and at most a page: %s', (path) => {
    const text = read(path);
    const number = /^docs\/adr\/(\d{4})-/.exec(path)?.[1];
    expect(text.startsWith(`# ${number}: `)).toBe(true);
    expect([...text.matchAll(/^## (.*)$/gm)].map((found) => found[1])).toEqual(['Context', 'Decision', 'Consequences']);
    expect(text).toMatch(/^Status: (accepted|replaced by \d{4}), \d{4}-\d{2}-\d{2}$/m);
    expect(text.split(/\s+/).length).toBeLessThan(450);
  });
});

describe('docs/dependencies.md', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const [atRunTime = '', forDevelopment = ''] = read('docs/dependencies.md').split(/^## /m).slice(1);
  const rowsOf = (section: string) =>
    [...section.matchAll(/^\| `([^`]+)` \| (\S.*?) \| (\S+) \| (\S.*?) \|$/gm)].map((row) => row.slice(1));

  it('has one line for each, and none for what is gone', () => {
    const names = (section: string) => rowsOf(section).map(([name]) => name);
    expect(names(atRunTime)).toEqual(Object.keys(dependencies!));
    expect(names(forDevelopment)).toEqual(Object.keys(devDependencies!));
  });

  it('names the licence that each declares', () => {
    const declared = (name: string) => {
      const manifest = join(root, 'node_modules', name, 'package.json');
      return existsSync(manifest)
        ? (JSON.parse(readFileSync(manifest, 'utf8')) as { license: string }).license
        : 'missing';
    };
    const rows = rowsOf(atRunTime + forDevelopment);
    expect(rows.map(([name, , licence]) => `${name} ${licence}`)).toEqual(
      rows.map(([name]) => `${name} ${declared(name!)}`),
    );
  });
});

describe('the READMEs', () => {
  const [english, russian] = [read('README.md'), read('README.ru.md')];
  const blocksOf = (text: string) => [...text.matchAll(/^```.*\n[\s\S]*?^```$/gm)].map((found) => found[0]);
  const levelsOf = (text: string) => [...text.matchAll(/^(#+) /gm)].map((found) => found[1]);

  it('have the same headings, level by level', () => {
    expect(levelsOf(prose(russian))).toEqual(levelsOf(prose(english)));
    expect(levelsOf(prose(english)).length).toBeGreaterThan(7);
  });

  it('show the same code', () => {
    expect(blocksOf(russian)).toEqual(blocksOf(english));
    expect(blocksOf(english).length).toBeGreaterThan(10);
  });

  it('point to the same pages', () => {
    const pagesOf = (text: string) => linksOf(text).filter((link) => !link.startsWith('README'));
    expect(pagesOf(russian)).toEqual(pagesOf(english));
  });
});
