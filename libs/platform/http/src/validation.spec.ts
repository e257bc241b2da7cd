import { describe, expect, it } from '@jest/globals';
import type { ArgumentMetadata } from '@nestjs/common';
import { z } from 'zod';
import { ValidationPipe } from './validation.ts';

const metadata = { type: 'body', schema: z.unknown() } as unknown as ArgumentMetadata;

function nested(levels: number): unknown {
  return JSON.parse('[{"a":'.repeat(levels / 2) + '1' + '}]'.repeat(levels / 2));
}

describe('a body', () => {
  it('may be nested a hundred levels deep, and nobody walks into one that is deeper, however deep', async () => {
    const pipe = new ValidationPipe();
    expect(await pipe.transform(nested(100), metadata)).toEqual(nested(100));
    for (const levels of [102, 50_000]) {
      await expect(pipe.transform(nested(levels), metadata)).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
        detail: expect.stringContaining('100 levels'),
      });
    }
  });
});
