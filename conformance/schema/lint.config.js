// The rules by which graphql-eslint checks the printed schema: its recommended rules, those of
// Relay, and further ones that the API keeps. A rule is loosened only where the contract with
// clients differs from it and can no longer change.

import graphql from '@graphql-eslint/eslint-plugin'

/** @param {string} schema names the file of the printed schema */
export const config = (schema) => [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,

      '@graphql-eslint/no-scalar-result-type-on-mutation': 'error',
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
        },
      ],
      '@graphql-eslint/require-field-of-type-query-in-mutation-result': 'error',
      '@graphql-eslint/require-nullable-fields-with-oneof': 'error',
      '@graphql-eslint/require-nullable-result-in-root': 'error',

      // The text of a content is `Content.content`.
      '@graphql-eslint/no-typename-prefix': 'off',

      // Connections have `nodes` beside `edges`, and short lists are plain lists. A tag has no id
      // and is no Node.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],

      // Tags are paged forward only.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],

      // Only Nodes have ids; all other types are values.
      '@graphql-eslint/strict-id-in-types': 'off',
    },
  },
]
