import { deliveryStory, deliveryView } from '#contract';
import { describe, expect, it } from '@jest/globals';
import { deliveryExample, storyExample } from './examples.ts';

describe('the examples of the document', () => {
  it('are what the API could answer', () => {
    expect(deliveryView.parse(deliveryExample)).toEqual(deliveryExample);
    expect(deliveryStory.parse(storyExample)).toEqual(storyExample);
  });
});
