// What the linter holds: the import directions of the tree, promises that are awaited, no any, no unexplained assertions.
const boundaries = require('eslint-plugin-boundaries').default ?? require('eslint-plugin-boundaries');
const tseslint = require('typescript-eslint');

/**
 * `operator`: folder of operator/ → folders of operator/ it may import, downwards only; nothing imports the CLI. `controller`: folder of
 * operator/controller/ → folders beside it that it may import; the files beside them put all of them together. `packages`: package → the only folders
 * of operator/ that may import it. `stand`: room of e2e/stand/ → rooms of the stand it may import. `suites` stand on it, and know neither each other
 * nor the benches. `benches`: room of e2e/benches/, also on the stand → other benches it may import.
 */
const { operator: directions, controller, packages: owners, stand, suites, benches } = require('./release/directions.json');

const inController = (folder) => `controller/${folder}`;
const ofController = Object.fromEntries(
  Object.entries(controller).map(([from, to]) => [inController(from), [...directions.controller, ...to.map(inController)]]),
);
/** A folder stands before the one that holds it: a file is of the first whose pattern it fits. */
const whole = { ...ofController, ...directions, controller: [...directions.controller, ...Object.keys(ofController)] };

const layers = Object.keys(whole);

/** Top folder beside operator/ → what it may import. The product knows neither how it is packed nor how it is tried on real parts. */
const around = {
  release: layers,
  ebpf: layers,
  e2e: [...layers, 'release', 'ebpf'],
};

const inRoom = (room) => (folder) => `e2e/${room}/${folder}`;
const wholeStand = Object.keys(stand).map(inRoom('stand'));
const rooms = Object.fromEntries([
  ...Object.entries(stand).map(([from, to]) => [inRoom('stand')(from), to.map(inRoom('stand'))]),
  ...suites.map((suite) => [inRoom('suites')(suite), wholeStand]),
  ...Object.entries(benches).map(([from, to]) => [inRoom('benches')(from), [...wholeStand, ...to.map(inRoom('benches'))]]),
]);
const e2e = Object.fromEntries(Object.entries(rooms).map(([from, to]) => [from, [...around.e2e, ...to]]));

const inside = Object.entries({ ...e2e, ...around, ...whole }).map(([from, to]) => ({
  from: { element: { type: from } },
  allow: { to: { element: { types: { anyOf: [from, ...to] } } } },
}));

const packages = Object.entries(owners).flatMap(([source, folders]) =>
  layers
    .filter((layer) => !folders.includes(layer.replace(/\/.*/, '')))
    .map((layer) => ({
      from: { element: { type: layer } },
      disallow: { to: { module: { origin: 'external', source } } },
      message: `operator/${layer} may not import ${source}; only operator/{${folders.join(',')}} may`,
    })),
);

module.exports = tseslint.config(
  { ignores: ['dist/', 'build/', 'node_modules/', 'charts/', '**/.cache/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    plugins: { boundaries },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    settings: {
      'import/resolver': { typescript: { project: __dirname } },
      'boundaries/root-path': __dirname,
      'boundaries/elements': [
        ...layers.map((layer) => ({ type: layer, pattern: `operator/${layer}` })),
        ...Object.keys({ ...e2e, ...around }).map((folder) => ({ type: folder, pattern: folder })),
      ],
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          checkAllOrigins: true,
          policies: [{ allow: { to: { module: { origin: ['external', 'core'] } } } }, ...inside, ...packages],
        },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: 'error',
      'max-lines': ['warn', { max: 300, skipBlankLines: true }],
    },
  },
  {
    files: ['operator/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.testing.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'CallExpression[callee.property.name=/^(push|unshift)$/] > SpreadElement',
          message: 'A function takes only so many arguments, and others decide the length of most lists: add the items in a loop.',
        },
      ],
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: { sourceType: 'commonjs' },
  },
);
