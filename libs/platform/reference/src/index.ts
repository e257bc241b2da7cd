/** The pages of the documentation that are made from the code: errors, configuration, `.env.example`. */
export { errorsPage } from './errors-page.ts';
export { configPage, envExample } from './config-page.ts';
export { referenceFiles, type ReferenceFile } from './reference-files.ts';
