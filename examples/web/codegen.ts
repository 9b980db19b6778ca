// Configures graphql-codegen, which generates types from the schema and the operations in src/, and
// documents that carry those types.

import type { CodegenConfig } from '@graphql-codegen/cli'

const config: CodegenConfig = {
  schema: '../../schema/*.graphql',
  documents: ['src/*.ts'],
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false, persistedDocuments: true },
      config: {
        scalars: { AsOf: 'string', DateTime: 'string', ID: 'string', Position: 'string' },
        defaultScalarType: 'unknown',
        enumsAsTypes: true,
        useTypeImports: true,
        importExtension: '.js',
      },
    },
  },
}

export default config
