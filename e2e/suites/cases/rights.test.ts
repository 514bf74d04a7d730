import type { AuditedRequest } from '../../stand/api/audit';
import { grantsOf, wrongRights } from './rights';

const use = (verb: string, resource: string, more: Partial<AuditedRequest> = {}): AuditedRequest => ({
  user: 'u', credential: '', verb, group: '', resource, namespace: 'here', name: '', code: 200, receivedAt: '', answeredAt: '', ...more,
});
const role = (verbs: string[], resources: string[], more: object = {}, namespace = 'here'): unknown => ({ metadata: { namespace }, rules: [{ apiGroups: [''], resources, verbs, ...more }] });

test('a rule grants each verb on each resource of each name', () => {
  const grants = grantsOf(role(['get', 'patch'], ['secrets'], { resourceNames: ['a', 'b'] }));
  expect(grants).toHaveLength(4);
  expect(grants[3]).toEqual({ namespace: 'here', group: '', resource: 'secrets', verb: 'patch', name: 'b' });
});

test('rights that are used as they are granted are right', () => {
  const grants = [...grantsOf(role(['get'], ['secrets'], { resourceNames: ['a'] })), ...grantsOf(role(['list', 'watch'], ['pods'])), ...grantsOf(role(['create'], ['pods']))];
  const uses = [use('get', 'secrets', { name: 'a' }), use('list', 'pods'), use('watch', 'pods'), use('create', 'pods', { name: 'x' })];
  expect(wrongRights(grants, uses)).toEqual([]);
});

test('a right that nobody used is told, by its name too', () => {
  const grants = grantsOf(role(['get'], ['secrets'], { resourceNames: ['a', 'b'] }));
  expect(wrongRights(grants, [use('get', 'secrets', { name: 'a' })])).toEqual(['granted and never used: get secrets b in here']);
});

test('a right for all names that only one object needed is told; a look at all of them needs it', () => {
  const grants = grantsOf(role(['list'], ['secrets']));
  expect(wrongRights(grants, [use('list', 'secrets', { name: 'a' })])).toEqual(['granted for every name and used for a only: list secrets in here']);
  expect(wrongRights(grants, [use('list', 'secrets', { name: 'a' }), use('list', 'secrets')])).toEqual([]);
});

test('a right in every namespace that was used in one is told', () => {
  const grants = grantsOf(role(['list'], ['pods'], {}, ''));
  expect(wrongRights(grants, [use('list', 'pods')])).toEqual(['granted in every namespace and used in here only: list pods']);
  expect(wrongRights(grants, [use('list', 'pods', { namespace: '' })])).toEqual([]);
});

test('wildcards, and what was refused, are told', () => {
  expect(wrongRights(grantsOf(role(['*'], ['pods'])), [use('list', 'pods')])).toEqual(['granted by a wildcard: * pods in here']);
  expect(wrongRights([], [use('list', 'pods', { code: 403 })])).toEqual(['used and not granted: list pods in here']);
});

test('an apply that made its object has used the right to create it', () => {
  const grants = [...grantsOf(role(['create'], ['services'])), ...grantsOf(role(['patch'], ['services'], { resourceNames: ['a'] }))];
  expect(wrongRights(grants, [use('patch', 'services', { name: 'a', code: 201 })])).toEqual([]);
  expect(wrongRights(grants, [use('patch', 'services', { name: 'a' })])).toEqual(['granted and never used: create services in here']);
});
