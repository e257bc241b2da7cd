import { createLogger } from '#platform/log';
import type { Database } from '#platform/store';
import { describe, expect, it } from '@jest/globals';
import { lastValueFrom } from 'rxjs';
import { InboxFeed } from './inbox-feed.ts';

describe('the feed of the inboxes', () => {
  it('begins no stream any more once the process stops: it ends at once, and the reader comes back elsewhere', async () => {
    const feed = new InboxFeed({} as Database, createLogger('spec', 'silent'), undefined);
    await feed.onModuleDestroy();
    const stream = await feed.open('anna', undefined);
    expect(await lastValueFrom(stream, { defaultValue: 'nothing' })).toBe('nothing');
  });
});
