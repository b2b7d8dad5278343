import * as v from 'valibot';
import { ChatTold, chatAnswers, chatListens, planChat, tellChat, untellChat } from './chat-told.ts';
import { defineFault } from './fault.ts';

export const chatRefuses = defineFault({
  name: 'chat-refuses',
  breaks: 'refuses messages about one namespace, as a chat does that was told too much or is ill',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    status: v.pipe(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)), 429),
      v.description('status of the answer; 429 when absent'),
    ),
  }),
  state: ChatTold,
  trial_needs: { components: ['chat'] },
  example: () => ({}),
  plan: (ctx, { status }, namespace) =>
    planChat(
      ctx,
      { namespace, status, delay_ms: 0 },
      'messages are told again, or by senders that tell once are lost',
    ),
  inject: tellChat,
  probeOn: chatAnswers,
  heal: untellChat,
  probeOff: chatListens,
});
