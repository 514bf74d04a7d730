import type { AuditedRequest } from '../../stand/api/audit';
import { grantsOf, wrongRights } from './rights';

const use = (verb: string, resource: string, more: Partial<AuditedRequest> = {}): AuditedRequest => ({
  user: 'u',
  credential: '',
  verb,
  group: '',
  resource,
  namespace: 'here',
  name: '',
  code: 200,
  receivedAt: '',
  answeredAt: '',
  ...more,
});
const role = (verbs: string[], resources: string[], more: object = {}, namespace = 'here'): unknown => ({
  metadata: { namespace },
  rules: [{ apiGroups: [''], resources, verbs, ...more }],
});

test('a rule is a grant for each combination of verb, resource and name', () => {
  const grants = grantsOf(role(['get', 'patch'], ['secrets'], { resourceNames: ['a', 'b'] }));
  expect(grants).toHaveLength(4);
  expect(grants[3]).toEqual({ namespace: 'here', group: '', resource: 'secrets', verb: 'patch', name: 'b' });
});

test('rights that are used as they are granted are no findings', () => {
  const grants = [
    ...grantsOf(role(['get'], ['secrets'], { resourceNames: ['a'] })),
    ...grantsOf(role(['list', 'watch'], ['pods'])),
    ...grantsOf(role(['create'], ['pods'])),
  ];
  const uses = [use('get', 'secrets', { name: 'a' }), use('list', 'pods'), use('watch', 'pods'), use('create', 'pods', { name: 'x' })];
  expect(wrongRights(grants, uses)).toEqual([]);
});

test('a right that was never used is a finding, also when it is for one name of several', () => {
  const grants = grantsOf(role(['get'], ['secrets'], { resourceNames: ['a', 'b'] }));
  expect(wrongRights(grants, [use('get', 'secrets', { name: 'a' })])).toEqual(['granted and never used: get secrets b in here']);
});

test('a right for all names that was used for one name is a finding; a list of all objects needs it', () => {
  const grants = grantsOf(role(['list'], ['secrets']));
  expect(wrongRights(grants, [use('list', 'secrets', { name: 'a' })])).toEqual(['granted for every name and used for a only: list secrets in here']);
  expect(wrongRights(grants, [use('list', 'secrets', { name: 'a' }), use('list', 'secrets')])).toEqual([]);
});

test('a right in every namespace that was used in one namespace is a finding', () => {
  const grants = grantsOf(role(['list'], ['pods'], {}, ''));
  expect(wrongRights(grants, [use('list', 'pods')])).toEqual(['granted in every namespace and used in here only: list pods']);
  expect(wrongRights(grants, [use('list', 'pods', { namespace: '' })])).toEqual([]);
});

test('a wildcard and a refused request are findings', () => {
  expect(wrongRights(grantsOf(role(['*'], ['pods'])), [use('list', 'pods')])).toEqual(['granted by a wildcard: * pods in here']);
  expect(wrongRights([], [use('list', 'pods', { code: 403 })])).toEqual(['used and not granted: list pods in here']);
});

test('a server-side apply that created its object has used the right to create', () => {
  const grants = [...grantsOf(role(['create'], ['services'])), ...grantsOf(role(['patch'], ['services'], { resourceNames: ['a'] }))];
  expect(wrongRights(grants, [use('patch', 'services', { name: 'a', code: 201 })])).toEqual([]);
  expect(wrongRights(grants, [use('patch', 'services', { name: 'a' })])).toEqual(['granted and never used: create services in here']);
});
