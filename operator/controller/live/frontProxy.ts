// Reads which client certificate the API server's aggregation layer uses, and takes the user from the headers of its requests.
// https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#original-request-username-and-group
import { z } from 'zod';
import type { KubeClient } from '../../kube';

const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';

const jsonList = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'not JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.array(z.string()));
/** Names of headers in lower case, as Node has them. */
const headerNames = jsonList.transform((names) => names.map((name) => name.toLowerCase()));

const configMap = z.object({
  data: z.object({
    'requestheader-client-ca-file': z.string().min(1),
    'requestheader-allowed-names': jsonList.default([]),
    'requestheader-username-headers': headerNames,
    // Since 1.32, and only when the feature is enabled.
    'requestheader-uid-headers': headerNames.default([]),
    'requestheader-group-headers': headerNames.default([]),
    'requestheader-extra-headers-prefix': headerNames.default([]),
  }),
});

export interface FrontProxy {
  /** The authority of the aggregation layer's client certificate, in PEM. */
  readonly authority: string;
  /** Allowed common names of that certificate; empty allows any. */
  readonly allowedNames: readonly string[];
  readonly userHeaders: readonly string[];
  readonly uidHeaders: readonly string[];
  readonly groupHeaders: readonly string[];
  readonly extraPrefixes: readonly string[];
}

/** The API server's configuration of its front proxy. @throws ApiError, and Error when the API server has no aggregation layer */
export async function readFrontProxy(client: KubeClient): Promise<FrontProxy> {
  const found = configMap.safeParse(await client.request('GET', path));
  if (!found.success) {
    throw new Error(
      'read ConfigMap kube-system/extension-apiserver-authentication: it names no front proxy; start the API server with --requestheader-client-ca-file and --proxy-client-cert-file',
    );
  }
  const { data } = found.data;
  return {
    authority: data['requestheader-client-ca-file'],
    allowedNames: data['requestheader-allowed-names'],
    userHeaders: data['requestheader-username-headers'],
    uidHeaders: data['requestheader-uid-headers'],
    groupHeaders: data['requestheader-group-headers'],
    extraPrefixes: data['requestheader-extra-headers-prefix'],
  };
}

/** The user of a request, in the fields of a SubjectAccessReview. */
export interface User {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Header names in lower case → values. */
export type Headers = Readonly<Record<string, readonly string[] | undefined>>;

/** The user of a request; undefined when the headers name none. The caller must have verified the front proxy's certificate. */
export function userOf(headers: Headers, proxy: FrontProxy): User | undefined {
  const first = (names: readonly string[]): string | undefined =>
    names.map((name) => headers[name]?.[0]).find((value) => value !== undefined && value !== '');
  const user = first(proxy.userHeaders);
  if (user === undefined) return undefined;
  const uid = first(proxy.uidHeaders);
  const groups = proxy.groupHeaders.flatMap((name) => headers[name] ?? []);
  return { user, ...(uid === undefined ? {} : { uid }), groups, extra: extraOf(headers, proxy.extraPrefixes) };
}

function extraOf(headers: Headers, prefixes: readonly string[]): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [name, values = []] of Object.entries(headers)) {
    const prefix = prefixes.find((each) => name.startsWith(each));
    if (prefix !== undefined) extra[decoded(name.slice(prefix.length))] = [...values];
  }
  return extra;
}

/** Decodes a key of extra headers: characters that are not allowed in header names are percent-encoded. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
