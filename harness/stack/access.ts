import type { PublishedService } from '#harness/cluster/types.ts';
import type { Component } from './component.ts';

/** What the lines about a cluster are made of. */
export interface AccessOptions {
  readonly components: readonly Component[];
  readonly ports: Readonly<Record<PublishedService, number>>;
  /** Host names of applications behind the gateway, by what they are. */
  readonly hosts?: Readonly<Record<string, string>>;
}

const COLUMN = 18;

function line(what: string, text: string): string {
  return `${what.padEnd(COLUMN)} ${text}`;
}

/**
 * How a person reaches each part of a stack, one line each. Credentials are never shown: the line says how to read them
 * from the cluster.
 */
export function accessLines({ components, ports, hosts = {} }: AccessOptions): readonly string[] {
  const lines: string[] = [];
  for (const { access, name } of components) {
    for (const { service, scheme = 'http', note, secret } of access) {
      const address = `${scheme}://127.0.0.1:${ports[service]}`;
      lines.push(line(service, note === undefined ? address : `${address}  (${note})`));
      if (secret) {
        const { namespace, name: of, key } = secret;
        lines.push(
          line(
            '',
            `${key}: kubectl -n ${namespace} get secret ${of} -o jsonpath='{.data.${key}}' | base64 -d`,
          ),
        );
      }
    }
    if (access.length === 0) lines.push(line(name, 'has no address of its own; kubectl shows its objects'));
  }
  for (const [what, host] of Object.entries(hosts)) {
    lines.push(line(what, `curl -H 'Host: ${host}' http://127.0.0.1:${ports.gateway}/`));
  }
  return lines;
}
