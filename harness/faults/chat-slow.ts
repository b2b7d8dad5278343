import * as v from 'valibot';
import { ChatTold, chatAnswers, chatListens, planChat, tellChat, untellChat } from './chat-told.ts';
import { defineFault } from './fault.ts';

export const chatSlow = defineFault({
  name: 'chat-slow',
  breaks: 'answers whoever tells the chat about one namespace late; the message is there at once',
  radius: { reach: 'own', pods_max: 0 },
  options: v.strictObject({
    delay_ms: v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1),
      v.maxValue(120_000),
      v.description('time before the answer, in ms'),
    ),
  }),
  state: ChatTold,
  trial_needs: { components: ['chat'] },
  example: () => ({ delay_ms: 500 }),
  plan: (ctx, { delay_ms }, namespace) =>
    planChat(
      ctx,
      { namespace, status: 200, delay_ms },
      'a controller that tells before it acts acts later by as much',
    ),
  inject: tellChat,
  probeOn: chatAnswers,
  heal: untellChat,
  probeOff: chatListens,
});
