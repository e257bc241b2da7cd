import { errorCatalogue } from '#contract';
import { allSlices } from '#platform/config';
import { configPage, envExample } from './config-page.ts';
import { errorsPage } from './errors-page.ts';

/** A generated file: where it lies, seen from the root of the repository, and what must stand in it. */
export interface ReferenceFile {
  path: string;
  text: string;
}

/** All files that are generated from the error catalogue and the configuration. */
export function referenceFiles(): ReferenceFile[] {
  return [
    { path: 'docs/errors.md', text: errorsPage(errorCatalogue) },
    { path: 'docs/config.md', text: configPage(allSlices) },
    { path: '.env.example', text: envExample(allSlices) },
  ];
}
