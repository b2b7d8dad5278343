import { guardCluster } from '#harness/cluster/guard.ts';
import { kubeClient } from '#harness/kube/client.ts';
import { readTraces, residue } from '#harness/faults/residue.ts';
const cluster = await guardCluster({name:'mettle-dev'});
const kube = kubeClient(cluster);
const ctx = {kube, cluster, progress: ()=>undefined};
let last: readonly string[] = [];
for (let i=0;i<4;i++){ const t=performance.now(); const r = await readTraces(ctx, {namespace:'trial-fa', whole:false}); console.log((performance.now()-t).toFixed(0), r.length, residue(last,r).slice(0,i?20:0)); last=r; }
console.log(last.filter(l=>/ process | cannot|database|proxies|told/.test(l)).join('\n').slice(0,3000));
process.exit(0);
