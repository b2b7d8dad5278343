/** Commits to the repository that the cluster comes from. */
import { openRepository, type Pushed } from '#harness/git/checkout.ts';
import type { RepositoryFiles, ShopInGit } from '#harness/stack/shop-git.ts';
import { fleetShopFiles } from '#harness/stack/fleet.ts';
import { releaseDocument } from '../on-cluster.ts';
import { REPOSITORY } from './fleet-repository.ts';
import type { FleetGround } from './ground.ts';
import type { Losing } from './recover.ts';

/** Commits a change, pushes it and writes that down. @throws CommandError when the Git server refuses */
export async function pushChange(
  { run, ground }: Pick<Losing, 'run' | 'ground'>,
  change: { readonly message: string; readonly files: RepositoryFiles },
): Promise<Pushed> {
  await using checkout = await openRepository(ground.offsite.remote(REPOSITORY));
  const pushed = await checkout.push(change);
  const { at, commit } = pushed;
  run.timeline.record({
    at,
    source: 'git',
    kind: 'commit',
    subject: `Repository/${REPOSITORY}`,
    data: commit,
  });
  return pushed;
}

/** Ships a good release of the shop by commit, with further objects beside it. */
export async function pushRelease(
  losing: Losing,
  { release, more }: { readonly release: string; readonly more?: NonNullable<ShopInGit['more']> },
): Promise<FleetGround> {
  const { run, ground, before } = losing;
  const former = ground.fleet.shop;
  const shop: ShopInGit = {
    ...former,
    release,
    document: await releaseDocument('good', release),
    former: [former.release],
    ...(more ? { more } : {}),
  };
  const files = await fleetShopFiles(before.ctx, shop);
  const pushed = await pushChange(losing, { message: `Ship release ${release} of the shop`, files });
  run.timeline.record({
    at: pushed.at,
    source: 'release',
    kind: 'shipped',
    subject: `Repository/${REPOSITORY}`,
    data: { release, document: shop.document },
  });
  return { ...ground, fleet: { ...ground.fleet, shop }, pushed };
}
