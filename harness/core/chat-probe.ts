/** Who speaks in the chat to find out whether it listens: no run takes that for a message of its own. */
export const PROBE_SENDER = 'mettle-probe';
