/** MANAGE: rules, recipients, groups, templates, backends, keys; events, deliveries and inboxes to look at. */
export { AdminModule } from './admin.module.ts';
export { adminEnv, adminProviders, type AdminConfig } from './providers.ts';
