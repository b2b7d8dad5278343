import { h, type JSX } from 'preact';
import type { HeldFates, OrderFates } from '#harness/core/order-fates.ts';
import type { PlacedOrderFact } from '#harness/core/recovery.ts';
import { renderOrders } from '../../../charts/orders.ts';
import { formatCount, formatDuration_ms, formatOffset_ms } from '../../../model/format.ts';
import { type OrderBins, orderBins } from '../../../model/recovery/order-bins.ts';
import type { Recovery } from '../../../model/recovery/recovery.ts';
import { FATE_WORDS } from '../../../model/recovery/words.ts';
import type { RunFacts } from '../../../model/run-facts.ts';
import { ChartFigure } from './chart-figure.ts';

/** Orders on a time axis, by what became of them, and each one that is not as its customer was told. */
export function Orders(props: { readonly facts: RunFacts; readonly recovery: Recovery }): JSX.Element {
  const { facts, recovery } = props;
  const { orders } = recovery;
  const title = 'What became of the orders';
  return h(
    'section',
    { 'aria-labelledby': 'orders' },
    h('h2', { id: 'orders' }, title),
    orders === undefined
      ? h('p', { class: 'empty' }, 'No data: the load remembered no order.')
      : h(Known, { facts, recovery, orders, title }),
  );
}

function Known(props: {
  readonly facts: RunFacts;
  readonly recovery: Recovery;
  readonly orders: OrderFates;
  readonly title: string;
}): JSX.Element {
  const { facts, recovery, orders, title } = props;
  const { accepted, refused, unknown, held } = orders;
  const bins = orderBins(orders);
  const counts = `${formatCount(accepted.length)} accepted, ${formatCount(refused.length)} refused, ${formatCount(unknown.length)} without an answer`;
  const description = `${counts}. ${held ? `${formatCount(held.lost.length)} accepted orders are lost.` : 'Nobody looked what the database holds.'}`;
  return h(
    'div',
    null,
    h(
      'p',
      { class: 'lead' },
      `Orders a second, as their customers remember them: ${counts}. `,
      held
        ? `The database held ${formatCount(held.count)} in the end.`
        : 'Nobody looked what the database holds in the end, so nothing is known to be kept or lost.',
      recovery.backups.length > 0
        ? ' Above: a ring for each backup, a disc for the one that was restored, a cross for one that was refused.'
        : '',
    ),
    bins.bins.length === 0
      ? null
      : h(ChartFigure, {
          id: 'orders',
          draw: (width, id) =>
            renderOrders({ recovery, bins, origin: facts.origin }, width, { id, title, description }),
        }),
    held === undefined ? null : h(Lists, { held, recovery, facts }),
    h(Numbers, { facts, bins }),
  );
}

/** Each order that is not as it should be; the ids are what a person needs to tell the customers. */
function Lists(props: {
  readonly held: HeldFates;
  readonly recovery: Recovery;
  readonly facts: RunFacts;
}): JSX.Element {
  const { held, recovery, facts } = props;
  const age = (order: PlacedOrderFact): string => {
    const before = (recovery.lost?.at ?? facts.origin) - order.at;
    return before >= 0
      ? `answered ${formatDuration_ms(before)} before the loss`
      : `answered ${formatDuration_ms(-before)} after the loss`;
  };
  const [oldest] = held.lost;
  return h(
    'div',
    null,
    oldest === undefined
      ? h('p', null, 'No accepted order is lost.')
      : h(List, {
          title: `${formatCount(held.lost.length)} accepted ${held.lost.length === 1 ? 'order is' : 'orders are'} lost; the oldest was ${age(oldest)}`,
          items: held.lost.map((order) => ({ id: order.id, what: age(order) })),
        }),
    h(List, {
      title: `${formatCount(held.changed.length)} held with other content than was accepted`,
      items: held.changed.map(({ order, held_hash }) => ({
        id: order.id,
        what: `accepted as ${order.content_hash}, held as ${held_hash}`,
      })),
    }),
    h(List, {
      title: `${formatCount(held.refused.length)} held, although the customer was told that it failed`,
      items: held.refused.map((order) => ({ id: order.id, what: age(order) })),
    }),
    h(List, {
      title: `${formatCount(held.strangers.length)} held that no customer remembers`,
      items: held.strangers.map((id) => ({ id, what: '' })),
    }),
    h(List, {
      title: `${formatCount(held.unknown.length)} held without the customer's having had an answer, which may be`,
      items: held.unknown.map((order) => ({ id: order.id, what: age(order) })),
    }),
  );
}

function List(props: {
  readonly title: string;
  readonly items: readonly { readonly id: string; readonly what: string }[];
}): JSX.Element | null {
  const { title, items } = props;
  if (items.length === 0) return null;
  return h(
    'details',
    null,
    h('summary', null, title),
    h(
      'ul',
      { class: 'scroll notes', tabIndex: 0, role: 'region', 'aria-label': title },
      ...items.map(({ id, what }) => h('li', null, h('code', null, id), what === '' ? '' : `: ${what}`)),
    ),
  );
}

/** The chart's numbers for those who cannot see it, or who want to copy them. */
function Numbers({ facts, bins }: { readonly facts: RunFacts; readonly bins: OrderBins }): JSX.Element {
  return h(
    'details',
    null,
    h('summary', null, 'The same as numbers'),
    h(
      'div',
      { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'Orders as numbers' },
      h(
        'table',
        { class: 'data' },
        h('caption', null, `Orders per ${bins.bin_s} s, from ${facts.origin_name}`),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ...['Time', ...bins.fates.map((fate) => FATE_WORDS[fate])].map((name) =>
              h('th', { scope: 'col', class: 'number' }, name),
            ),
          ),
        ),
        h(
          'tbody',
          null,
          ...bins.bins.map(({ from, counts }) =>
            h(
              'tr',
              null,
              h('th', { scope: 'row', class: 'number' }, formatOffset_ms(from - facts.origin)),
              ...bins.fates.map((fate) => h('td', { class: 'number' }, formatCount(counts[fate]))),
            ),
          ),
        ),
      ),
    ),
  );
}
