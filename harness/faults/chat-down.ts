import { refusedFault } from './refused.ts';

export const chatDown = refusedFault({
  name: 'chat-down',
  breaks: 'refuses every connection to the chat, so that controllers and Alertmanager tell nobody anything',
  harm: 'messages are late or lost; what sends them may wait for an answer',
  service: { namespace: 'chat', name: 'chat' },
  needs: 'chat',
});
